// The language of a page: that of the browser, or the one that the address names (?lang=de).
"use strict";

const COMMON_TEXTS = {
  en: {
    noAnswer: "Captioner does not answer; trying again…",
    noAnswerYet:
      "Captioner does not answer, or its token is another one now: copy the address again.",
    noToken: "This address lacks its token. Copy it once more, to the end, from Captioner.",
  },
  de: {
    noAnswer: "Captioner antwortet nicht; es wird weiter versucht …",
    noAnswerYet:
      "Captioner antwortet nicht, oder sein Token ist jetzt ein anderes: Kopieren Sie die Adresse noch einmal.",
    noToken:
      "Dieser Adresse fehlt das Token. Kopieren Sie sie noch einmal ganz aus Captioner.",
  },
};

// Adds what all pages say to a page's own texts, by language.
function withCommon(texts) {
  return Object.fromEntries(
    Object.entries(texts).map(([language, own]) => [language, { ...COMMON_TEXTS[language], ...own }]),
  );
}

function languageOf(texts) {
  const wanted = new URLSearchParams(location.search).get("lang");
  return (
    [wanted, ...navigator.languages]
      .map((tag) => (tag || "").toLowerCase().split("-")[0])
      .find((tag) => Object.hasOwn(texts, tag)) || "en"
  );
}

// Returns what says the text of a name, with values in its {gaps}.
function translator(texts) {
  return (key, values = {}) => texts[key].replace(/{(\w+)}/g, (_gap, name) => values[name]);
}
