// Shows the captions of a feed. The query of the address tells look and language, the fragment the
// token.
"use strict";

const KEPT_SEGMENTS = 40;
const SCROLL_MS = 140;
const PING_MS = 20000;
const SILENCE_MS = 35000;
const STATUS_AFTER_MS = 4000;
const LONGEST_WAIT_MS = 10000;
const PROBLEMS_MS = 15000;

const main = document.getElementById("captions");
const text = document.getElementById("text");
const statusLine = document.getElementById("status");

let problems = []; // of the address

// ---- what the page says ----

const TEXTS = withCommon({
  en: {
    title: "Captions",
    voice: "Speaker {number}",
    you: "You",
    others: "Others",
    numberFrom: "a number from {least} to {most}",
    aColour: "a colour such as {examples}",
    fontNames: "names of fonts",
    oneOf: "one of {names}",
    seconds: "seconds, or 0 to keep the captions",
    noSuchName: "There is no “{name}”; there are {names}.",
    mustBe: "“{name}” must be {what}.",
  },
  de: {
    title: "Untertitel",
    voice: "Person {number}",
    you: "Sie",
    others: "Andere",
    numberFrom: "eine Zahl von {least} bis {most}",
    aColour: "eine Farbe wie {examples}",
    fontNames: "Namen von Schriften",
    oneOf: "eines von {names}",
    seconds: "Sekunden oder 0, damit die Untertitel bleiben",
    noSuchName: "„{name}“ gibt es nicht; es gibt {names}.",
    mustBe: "„{name}“ muss so sein: {what}.",
  },
});
const LANGUAGE = languageOf(TEXTS);
const tr = translator(TEXTS[LANGUAGE]);

function speak() {
  document.documentElement.lang = LANGUAGE;
  document.title = tr("title");
  main.setAttribute("aria-label", tr("title"));
}

// ---- the look ----

const EDGES = {
  none: "none",
  outline:
    "-0.05em -0.05em 0 #000, 0.05em -0.05em 0 #000, -0.05em 0.05em 0 #000, 0.05em 0.05em 0 #000",
  shadow: "0.06em 0.06em 0.12em #000, 0 0 0.2em #000",
};

const look = { partials: "show", labels: true, fade: 0, status: true };

function number(least, most) {
  return (given) => {
    const value = Number(given);
    return given.trim() !== "" && value >= least && value <= most ? value : undefined;
  };
}

function between(least, most) {
  return tr("numberFrom", { least, most });
}

function colour(given) {
  const value = /^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(given) ? `#${given}` : given;
  return CSS.supports("color", value) ? value : undefined;
}

function oneOf(values) {
  return (given) => (Object.hasOwn(values, given) ? values[given] : undefined);
}

function fontNames(given) {
  return CSS.supports("font-family", given) ? given : undefined;
}

const setVariable = (name, unit = "") => (value) =>
  document.documentElement.style.setProperty(name, `${value}${unit}`);
const setLook = (name) => (value) => {
  look[name] = value;
};
const SWITCH = oneOf({ show: true, hide: false });

const PARAMETERS = {
  size: [number(8, 400), setVariable("--size", "px"), between(8, 400)],
  lines: [number(1, 8), setVariable("--lines"), between(1, 8)],
  colour: [colour, setVariable("--colour"), tr("aColour", { examples: "ffff00, yellow" })],
  background: [
    colour,
    setVariable("--background"),
    tr("aColour", { examples: "000000b0, transparent" }),
  ],
  font: [fontNames, setVariable("--font"), tr("fontNames")],
  weight: [number(100, 900), setVariable("--weight"), between(100, 900)],
  align: [
    oneOf({ start: "start", center: "center", end: "end" }),
    setVariable("--align"),
    tr("oneOf", { names: "start, center, end" }),
  ],
  edge: [oneOf(EDGES), setVariable("--edge"), tr("oneOf", { names: "none, outline, shadow" })],
  partials: [
    oneOf({ show: "show", dim: "dim", hide: "hide" }),
    setLook("partials"),
    tr("oneOf", { names: "show, dim, hide" }),
  ],
  labels: [SWITCH, setLook("labels"), tr("oneOf", { names: "show, hide" })],
  fade: [number(0, 3600), setLook("fade"), tr("seconds")],
  status: [SWITCH, setLook("status"), tr("oneOf", { names: "show, hide" })],
  lang: [oneOf({ en: "en", de: "de" }), speak, tr("oneOf", { names: "en, de" })],
};

// Returns a sentence for each part of the address that has no effect.
function applyLook() {
  const sentences = [];
  for (const [name, given] of new URLSearchParams(location.search)) {
    const parameter = PARAMETERS[name === "color" ? "colour" : name];
    const value = parameter && parameter[0](given);
    if (!parameter) {
      sentences.push(tr("noSuchName", { name, names: Object.keys(PARAMETERS).join(", ") }));
    } else if (value === undefined) {
      sentences.push(tr("mustBe", { name, what: parameter[2] }));
    } else {
      parameter[1](value);
    }
  }
  main.classList.toggle("dim", look.partials === "dim");
  return sentences;
}

// ---- the status line: what is wrong, until the next caption ----

function say(sentence) {
  statusLine.hidden = !sentence || !look.status;
  const words = document.createElement("span");
  words.textContent = sentence;
  statusLine.replaceChildren(words);
}

// What is wrong with the address is to be read, also where captions come at once.
function sayNothing() {
  say(problems.join(" "));
}

// ---- captions ----

// Segments by id, each with its element; `open` has those whose partials still change.
const segments = new Map();
const open = new Map();
let fading = 0;

function labelOf(speaker, channel) {
  if (speaker) {
    return tr("voice", { number: speaker });
  }
  return { You: tr("you"), Others: tr("others") }[channel] || channel || "";
}

// A final with several speakers becomes a line for each turn.
function linesOf(event) {
  const words = event.words || [];
  if (new Set(words.map((word) => word.speaker || 0)).size < 2) {
    return [{ label: labelOf(event.speaker, event.channel), text: event.text }];
  }
  const lines = [];
  let speaker;
  for (const word of words) {
    if (lines.length === 0 || (word.speaker || 0) !== speaker) {
      speaker = word.speaker || 0;
      lines.push({ label: labelOf(speaker, event.channel), text: word.word });
    } else {
      lines[lines.length - 1].text += ` ${word.word}`;
    }
  }
  return lines;
}

function lineElement(line) {
  const element = document.createElement("div");
  const words = document.createElement("span");
  element.className = "line";
  element.dir = "auto";
  words.className = "words";
  if (look.labels && line.label) {
    const label = document.createElement("bdi");
    label.className = "speaker";
    label.textContent = `${line.label}:`;
    words.append(label, " ");
  }
  words.append(line.text);
  element.append(words);
  return element;
}

function begin(event, channel) {
  const left = open.get(channel);
  if (left) {
    finish(left);
  }
  // Where a final became shorter its place was kept; the new segment fills it.
  for (const each of segments.values()) {
    each.element.style.minHeight = "";
  }
  const segment = { id: event.segment_id, channel, element: document.createElement("div") };
  segments.set(segment.id, segment);
  text.append(segment.element);
  if (segments.size > KEPT_SEGMENTS) {
    const [id, oldest] = segments.entries().next().value;
    finish(oldest);
    oldest.element.remove();
    segments.delete(id);
  }
  return segment;
}

function finish(segment) {
  segment.element.classList.remove("partial");
  segment.isFinal = true;
  if (open.get(segment.channel) === segment) {
    open.delete(segment.channel);
  }
}

function showCaption(event) {
  const known = segments.get(event.segment_id);
  if ((known && known.isFinal) || (look.partials === "hide" && !event.is_final)) {
    return; // told again after a new connection, or not wanted
  }
  const channel = event.channel || "";
  const before = text.offsetHeight;
  const segment = known || begin(event, channel);
  const element = segment.element;
  element.replaceChildren(...linesOf(event).map(lineElement));
  if (event.is_final) {
    finish(segment);
  } else {
    element.classList.add("partial");
    open.set(channel, segment);
  }
  if (element.offsetHeight >= (segment.height || 0)) {
    segment.height = element.offsetHeight;
  } else {
    element.style.minHeight = `${segment.height}px`;
  }
  scrollFrom(before);
  stayAwhile();
}

function scrollFrom(before) {
  const grown = text.offsetHeight - before;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (grown > 0 && before > 0 && !isCalm) {
    text.animate([{ transform: `translateY(${grown}px)` }, { transform: "none" }], SCROLL_MS);
  }
}

function stayAwhile() {
  clearTimeout(fading);
  main.classList.remove("quiet");
  if (look.fade > 0) {
    fading = setTimeout(() => main.classList.add("quiet"), look.fade * 1000);
  }
}

// ---- the connection, which comes back by itself ----

let run = "";
let waitMs = 500;
let hasWorked = false;
let missing = 0;

function onEvent(event) {
  if (event.type === "connection") {
    if (run && run !== event.run) {
      // Another run counts from the start; what is shown stays.
      [...open.values()].forEach(finish);
      const shown = [...segments.values()];
      segments.clear();
      shown.forEach((segment, place) => segments.set(`${run} ${place} ${segment.id}`, segment));
    }
    run = event.run;
    hasWorked = true;
    waitMs = 500;
    sayNothing();
  } else if (event.type === "partial" || event.type === "transcription") {
    sayNothing();
    showCaption(event);
  } else if (event.type === "error") {
    say(event.error);
  }
}

function connect(token) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/captions`, [
    "captioner.v1",
    `token.${token}`,
  ]);
  let heardAt = performance.now();
  missing ||= setTimeout(
    () =>
      say(tr(hasWorked ? "noAnswer" : "noAnswerYet")),
    STATUS_AFTER_MS,
  );
  const watch = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_MS) {
      socket.close();
      over();
    } else if (socket.readyState === WebSocket.OPEN) {
      socket.send('{"type":"ping"}');
    }
  }, PING_MS);
  let isOver = false;
  function over() {
    if (isOver) {
      return;
    }
    isOver = true;
    clearInterval(watch);
    setTimeout(() => connect(token), waitMs * (0.75 + Math.random() / 2));
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
  socket.onmessage = (message) => {
    clearTimeout(missing);
    missing = 0;
    heardAt = performance.now();
    onEvent(JSON.parse(message.data));
  };
  socket.onclose = over;
}

function start() {
  speak();
  problems = applyLook();
  if (problems.length > 0) {
    setTimeout(() => {
      problems = [];
      sayNothing();
    }, PROBLEMS_MS);
  }
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token || !/^[\w.~-]+$/.test(token)) {
    say(tr("noToken"));
    return;
  }
  connect(token);
}

// Another token in the same tab loads no page by itself.
window.addEventListener("hashchange", () => location.reload());
start();
