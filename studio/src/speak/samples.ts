/** Sentences by which a voice is shown, one a language. They say nothing, and have many sounds. */
const SENTENCES: Record<string, string> = {
  pt: "Olá! É com esta voz que eu vou ler o seu texto.",
  en: "Hello! This is the voice that will read your text.",
  es: "¡Hola! Con esta voz voy a leer tu texto.",
  fr: "Bonjour ! C'est avec cette voix que je lirai votre texte.",
  it: "Ciao! È con questa voce che leggerò il tuo testo.",
  de: "Hallo! Mit dieser Stimme werde ich deinen Text lesen.",
  hi: "नमस्ते! मैं इसी आवाज़ में आपका पाठ पढ़ूँगी।",
  ja: "こんにちは。この声であなたの文章を読みます。",
  zh: "你好！我会用这个声音读你的文字。",
  nl: "Hallo! Met deze stem lees ik je tekst voor.",
  pl: "Cześć! Tym głosem przeczytam twój tekst.",
  tr: "Merhaba! Metnini bu sesle okuyacağım.",
  ru: "Привет! Этим голосом я прочту ваш текст.",
  cs: "Dobrý den! Tímto hlasem přečtu váš text.",
  ar: "مرحبا! بهذا الصوت سأقرأ نصك.",
  hu: "Helló! Ezzel a hanggal olvasom fel a szövegedet.",
  ko: "안녕하세요! 이 목소리로 글을 읽어 드릴게요.",
};

export function sampleSentence(language: string): string {
  return SENTENCES[language.split("-")[0] ?? ""] ?? SENTENCES["en"] ?? "";
}
