// Sends the microphone to the bridge, and shows what it says. The fragment has the token.
"use strict";

const KEPT_FRAMES = 150;
const KEPT_CAPTIONS = 2000;
const LONGEST_WAIT_MS = 8000;
const STOP_LIMIT_MS = 10000;

const recordButton = document.getElementById("record");
const loudness = document.getElementById("loudness");
const level = document.getElementById("level");
const statusLine = document.getElementById("status");
const captions = document.getElementById("captions");
const finals = document.getElementById("finals");
const partial = document.getElementById("partial");
const liveButton = document.getElementById("live");

// ---- what the page says ----

const TEXTS = withCommon({
  en: {
    title: "Captions of your microphone",
    record: "Start captions",
    recordOver: "Stop captions",
    loudness: "Microphone",
    pressStart: "Press Start, and allow the microphone.",
    captions: "Captions",
    finals: "What was said",
    live: "To the newest words",
    connecting: "Connecting…",
    listening: "Listening.",
    lastWords: "The last words…",
    stopped: "Stopped.",
    scripted: "Nothing is recognised: a script gives the words.",
    onlySecure: "Browsers give a microphone to https addresses and to this computer alone.",
    NotAllowedError: "The microphone is not allowed. Allow it beside the address, and start again.",
    NotFoundError: "There is no microphone.",
    NotReadableError: "Another program holds the microphone.",
    noMicrophone: "The microphone cannot be opened: {reason}",
    microphoneGone: "The microphone is gone. Start again with another one.",
  },
  de: {
    title: "Untertitel Ihres Mikrofons",
    record: "Untertitel starten",
    recordOver: "Untertitel stoppen",
    loudness: "Mikrofon",
    pressStart: "Drücken Sie auf Starten, und erlauben Sie das Mikrofon.",
    captions: "Untertitel",
    finals: "Was gesagt wurde",
    live: "Zu den neuesten Wörtern",
    connecting: "Verbindung wird hergestellt …",
    listening: "Es wird zugehört.",
    lastWords: "Die letzten Wörter …",
    stopped: "Gestoppt.",
    scripted: "Nichts wird erkannt: Die Wörter kommen aus einem Skript.",
    onlySecure: "Browser geben ein Mikrofon nur https-Adressen und diesem Computer.",
    NotAllowedError:
      "Das Mikrofon ist nicht erlaubt. Erlauben Sie es neben der Adresse, und starten Sie noch einmal.",
    NotFoundError: "Es gibt kein Mikrofon.",
    NotReadableError: "Ein anderes Programm benutzt das Mikrofon.",
    noMicrophone: "Das Mikrofon kann nicht geöffnet werden: {reason}",
    microphoneGone: "Das Mikrofon ist weg. Starten Sie noch einmal mit einem anderen.",
  },
});
const LANGUAGE = languageOf(TEXTS);
const tr = translator(TEXTS[LANGUAGE]);

function speak() {
  document.documentElement.lang = LANGUAGE;
  document.title = tr("title");
  recordButton.textContent = tr("record");
  loudness.firstChild.data = `${tr("loudness")} `;
  statusLine.textContent = tr("pressStart");
  captions.setAttribute("aria-label", tr("captions"));
  finals.setAttribute("aria-label", tr("finals"));
  liveButton.textContent = tr("live");
}

function say(sentence, isWarning = false) {
  statusLine.textContent = sentence;
  statusLine.classList.toggle("warning", isWarning);
}

// ---- captions: live at the end, held where the reader scrolls up ----

let isLive = true;
let followedSize = "";

function size() {
  return [captions.clientWidth, captions.clientHeight, captions.scrollHeight].join();
}

function isAtEnd() {
  return captions.scrollHeight - captions.scrollTop - captions.clientHeight < 8;
}

function follow() {
  if (isLive) {
    captions.scrollTop = captions.scrollHeight;
  }
  liveButton.hidden = isLive;
  followedSize = size();
}

captions.addEventListener("scroll", () => {
  // Only the reader begins a hold: where there is less room all at once, the end is followed.
  isLive = isAtEnd() || (isLive && size() !== followedSize);
  follow();
});
new ResizeObserver(follow).observe(captions);
liveButton.addEventListener("click", () => {
  isLive = true;
  follow();
  captions.focus();
});

function addLine(text, kind) {
  const line = document.createElement("p");
  line.dir = "auto";
  line.className = kind;
  line.textContent = text;
  finals.append(line);
  if (finals.children.length > KEPT_CAPTIONS) {
    finals.firstElementChild.remove();
  }
}

function showPartial(text) {
  partial.textContent = text;
  follow();
}

// ---- the bridge, which is found again by itself ----

let socket;
let isRecording = false;
let isStarted = false;
let waiting = [];
let waitMs = 500;
let token = "";
let stopTimer = 0;
let hasWorked = false;
let isHopeless = false; // what was wrong is not mended by trying again
let notice = ""; // that the words are a script's

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/ws/transcribe`, [
    "captioner.v1",
    `token.${token}`,
  ]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => command("start_recording");
  socket.onmessage = (message) => onEvent(JSON.parse(message.data));
  socket.onclose = onClose;
}

function command(type) {
  socket.send(JSON.stringify({ type }));
}

function onClose() {
  isStarted = false;
  if (partial.textContent) {
    addLine(partial.textContent, "");
    showPartial("");
  }
  if (!isRecording) {
    atRest();
    return;
  }
  say(tr(hasWorked ? "noAnswer" : "noAnswerYet"), true);
  setTimeout(() => (isRecording ? connect() : atRest()), waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

function onEvent(event) {
  if (event.type === "recording_started") {
    isStarted = true;
    hasWorked = true;
    isHopeless = false;
    waitMs = 500;
    sayAllIsWell();
    waiting.forEach((frame) => socket.send(frame));
    waiting = [];
  } else if (event.type === "partial") {
    sayAllIsWell();
    showPartial(event.text);
  } else if (event.type === "transcription") {
    sayAllIsWell();
    addLine(event.text, "");
    showPartial("");
  } else if (event.type === "recording_stopped") {
    isStarted = false;
    if (!isRecording) {
      say(`${tr("stopped")} ${notice}`.trim(), Boolean(notice));
    } else if (isHopeless) {
      isRecording = false;
      stopMicrophone();
    }
    socket.close(); // where it is the bridge that goes, it is looked for again
  } else if (event.type === "error") {
    if (event.code === "AUDIO_LOST") {
      addLine(event.error, "gap");
      follow();
    } else if (event.code === "MOCK") {
      notice = tr("scripted");
      sayAllIsWell();
    } else {
      isHopeless = event.retryable === false;
      say([event.error, event.hint].filter(Boolean).join(" "), true);
    }
  }
}

function sayAllIsWell() {
  say(`${tr(isRecording ? "listening" : "lastWords")} ${notice}`.trim(), Boolean(notice));
}

function sendFrame(frame) {
  let peak = 0;
  for (const sample of frame) {
    peak = Math.max(peak, Math.abs(sample));
  }
  level.value = Math.max(0, 1 + Math.log10(Math.max(peak, 1) / 32768) / 3);
  if (isStarted && socket.readyState === WebSocket.OPEN) {
    socket.send(frame);
  } else {
    waiting.push(frame);
    waiting.splice(0, waiting.length - KEPT_FRAMES);
  }
}

// ---- the microphone ----

let microphone;

const REFUSALS = ["NotAllowedError", "NotFoundError", "NotReadableError"];

async function openMicrophone() {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: true },
  });
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    await context.audioWorklet.addModule("bridge-capture.js");
    await context.resume();
  } catch (error) {
    stream.getTracks().forEach((track) => track.stop());
    await context.close();
    throw error;
  }
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  context.createMediaStreamSource(stream).connect(node);
  const [track] = stream.getAudioTracks();
  track.onended = () => {
    say(tr("microphoneGone"), true);
    stop();
  };
  return { stream, context, node };
}

// Returns when its last sound is on the way.
async function stopMicrophone() {
  const { stream, context, node } = microphone;
  microphone = undefined;
  const rest = new Promise((done) => {
    node.port.onmessage = (message) => (message.data ? sendFrame(message.data) : done());
  });
  node.port.postMessage("over");
  await rest;
  stream.getTracks().forEach((track) => track.stop());
  await context.close();
}

async function start() {
  if (!navigator.mediaDevices) {
    say(tr("onlySecure"), true);
    return;
  }
  recordButton.disabled = true;
  try {
    microphone = await openMicrophone();
  } catch (error) {
    const isKnown = REFUSALS.includes(error.name);
    say(isKnown ? tr(error.name) : tr("noMicrophone", { reason: error.message }), true);
    recordButton.disabled = false;
    return;
  }
  microphone.node.port.onmessage = (message) => sendFrame(message.data);
  isRecording = true;
  isHopeless = false;
  notice = "";
  waiting = [];
  waitMs = 500;
  recordButton.textContent = tr("recordOver");
  recordButton.disabled = false;
  loudness.hidden = false;
  say(tr("connecting"));
  connect();
}

async function stop() {
  if (!isRecording) {
    return;
  }
  recordButton.disabled = true;
  await stopMicrophone();
  isRecording = false;
  if (isStarted && socket.readyState === WebSocket.OPEN) {
    say(tr("lastWords"));
    command("stop_recording");
    stopTimer = setTimeout(() => socket.close(), STOP_LIMIT_MS);
  } else {
    socket.close();
    say(tr("stopped"));
    atRest();
  }
}

function atRest() {
  clearTimeout(stopTimer);
  loudness.hidden = true;
  recordButton.textContent = tr("record");
  recordButton.disabled = false;
}

recordButton.addEventListener("click", () => (isRecording ? stop() : start()));

speak();
token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
if (!/^[\w.~-]+$/.test(token)) {
  say(tr("noToken"), true);
  recordButton.disabled = true;
}
