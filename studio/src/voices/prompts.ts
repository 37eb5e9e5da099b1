/** Sentences to read aloud: each has many sounds of its language. */
const PROMPTS: Record<string, readonly string[]> = {
  pt: [
    "O jardim amanheceu coberto de orvalho, e um bem-te-vi cantava em cima do muro velho.",
    "Minha avó guardava as receitas num caderno azul, com uma letra miúda e caprichada.",
    "Quando chove no verão, a rua inteira cheira a terra molhada e jasmim.",
    "Quer que eu busque o pão quente ou você prefere esperar o café ficar pronto?",
    "Trinta e três trens cruzaram a ponte antes que o relógio batesse onze horas.",
  ],
  en: [
    "The garden woke under a thin layer of frost, and a robin sang from the old wall.",
    "My grandmother kept her recipes in a blue notebook, in small and careful writing.",
    "When it rains in summer, the whole street smells of wet earth and jasmine.",
    "Shall I fetch the warm bread, or would you rather wait until the coffee is ready?",
    "Thirty-three trains had crossed the bridge before the clock struck eleven.",
  ],
};

export function promptsOf(language: string): readonly string[] {
  return PROMPTS[language.split("-")[0] ?? ""] ?? PROMPTS["en"] ?? [];
}
