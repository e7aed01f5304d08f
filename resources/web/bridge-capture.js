// Runs on the browser's audio thread: from its rate to 16,000 samples a second, 16 bits each.
"use strict";

const RATE = 16000;
const FRAME = 1600;
const LOBES = 16;
const STEPS = 256;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    const widening = Math.max(1, this.step);
    this.reach = Math.ceil(LOBES * widening);
    this.kernel = kernel(this.reach, 0.92 / widening);
    this.held = new Float32Array(this.reach);
    this.at = this.reach;
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.isOver = false;
    this.port.onmessage = () => {
      this.isOver = true;
      this.send();
      this.port.postMessage(null);
    };
  }

  process(inputs) {
    const channels = inputs[0];
    if (this.isOver) {
      return false;
    }
    if (channels.length > 0) {
      this.hold(channels);
      for (; this.at + this.reach < this.held.length; this.at += this.step) {
        this.put(this.valueAt(this.at));
      }
      const done = Math.floor(this.at) - this.reach;
      this.held = this.held.slice(done);
      this.at -= done;
    }
    return true;
  }

  hold(channels) {
    const before = this.held.length;
    const held = new Float32Array(before + channels[0].length);
    held.set(this.held);
    for (const channel of channels) {
      for (let i = 0; i < channel.length; i += 1) {
        held[before + i] += channel[i] / channels.length;
      }
    }
    this.held = held;
  }

  valueAt(position) {
    let sum = 0;
    const last = Math.floor(position + this.reach);
    for (let i = Math.ceil(position - this.reach); i <= last; i += 1) {
      sum += this.held[i] * this.kernel[Math.round(Math.abs(i - position) * STEPS)];
    }
    return sum;
  }

  put(value) {
    this.frame[this.filled] = Math.round(Math.max(-1, Math.min(1, value)) * 32767);
    this.filled += 1;
    if (this.filled === FRAME) {
      this.send();
    }
  }

  send() {
    if (this.filled > 0) {
      const whole = this.frame.slice(0, this.filled);
      this.port.postMessage(whole, [whole.buffer]);
      this.filled = 0;
    }
  }
}

// A low pass whose edge is `share` of half the rate, by distance from its middle.
function kernel(reach, share) {
  return Float32Array.from({ length: reach * STEPS + 1 }, (_, index) => {
    const distance = index / STEPS;
    const angle = Math.PI * distance * share;
    const sinc = distance === 0 ? 1 : Math.sin(angle) / angle;
    const turn = (Math.PI * distance) / reach;
    return share * sinc * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
  });
}

registerProcessor("capture", Capture);
