import { dictionary } from "../i18n";

export const rvcWords = dictionary(
  {
    title: "Voice conversion (RVC)", on: "Convert what is spoken to another voice", model: "Model", none: "No model is here yet. Upload one on the screen Convert.",
    off: "Conversion is not installed here: {detail}",
    pitch: "Pitch", pitch_tip: "Semitones up or down. A low voice that is to become a high one wants about 12, the other way round about -12.",
    index_rate: "Likeness", index_rate_tip: "How much the model's own sounds are looked up. More is nearer to its voice, too much may blur words. Does nothing for a model without an index.",
    protect: "Protect consonants", protect_tip: "Keeps breaths and consonants like s and t as they were. Less protects more; 0.5 protects nothing.",
    rms_mix_rate: "Loudness", rms_mix_rate_tip: "0 follows the loudness of what is converted, 1 that of the model.",
    filter_radius: "Smooth the pitch", filter_radius_tip: "How strongly jumps of the pitch are smoothed. More takes hoarseness away, and expression.",
    hop_length: "Steps of the pitch", hop_length_tip: "How finely some trackers look at the pitch. Less is finer and slower.",
    f0_method: "Pitch tracker", f0_method_tip: "Who finds the melody. The service's choice is a good one; others may do better with singing or noise.",
    required: "Fail where it cannot be converted", required_tip: "Otherwise such a text is kept in the plain voice, and the job says so.",
    auto: "The service's choice", reset: "As they were",
  },
  {
    title: "Conversão de voz (RVC)", on: "Converter a fala para outra voz", model: "Modelo", none: "Ainda não há modelos. Envie um na tela Converter.",
    off: "A conversão não está instalada aqui: {detail}",
    pitch: "Altura", pitch_tip: "Semitons para cima ou para baixo. Uma voz grave que vira aguda pede uns 12; o contrário, uns -12.",
    index_rate: "Semelhança", index_rate_tip: "Quanto se usam os sons do próprio modelo. Mais fica mais parecido; demais pode embolar as palavras. Sem índice, não faz nada.",
    protect: "Proteger consoantes", protect_tip: "Mantém respirações e consoantes como s e t. Menos protege mais; 0,5 não protege nada.",
    rms_mix_rate: "Volume", rms_mix_rate_tip: "0 segue o volume do que é convertido, 1 o do modelo.",
    filter_radius: "Suavizar a altura", filter_radius_tip: "O quanto os saltos de altura são suavizados. Mais tira a rouquidão, e também a expressão.",
    hop_length: "Passos da altura", hop_length_tip: "Com que detalhe alguns rastreadores olham a altura. Menos é mais fino e mais lento.",
    f0_method: "Rastreador de altura", f0_method_tip: "Quem acha a melodia. A escolha do serviço é boa; outros podem ir melhor com canto ou ruído.",
    required: "Falhar se não der para converter", required_tip: "Do contrário o texto fica na voz sem conversão, e o trabalho avisa.",
    auto: "A escolha do serviço", reset: "Como eram",
  },
);
