import { dictionary } from "../i18n";

export const t = dictionary(
  {
    live: "Live", away: "Not live: trying again…", total: "{n} job|{n} jobs", status: "State", mode: "Kind", any: "All", search: "Words of the text, a voice, an id", looking: "{n} job looked at…|{n} jobs looked at…", find: "Find",
    queued: "waiting", processing: "running", completed: "done", failed: "failed", cancelled: "cancelled",
    dubbing: "text, preset", dubbing_with_clone: "text, own voice", convert: "recording", clone: "voice learned", mix: "voices mixed",
    none: "There are no jobs", none_hint: "Whatever you have spoken, converted or learned is listed here for a day.", none_found: "No job fits.", previous: "Newer", next: "Older", page: "Page {n}",
    cancel: "Cancel", again: "Do it again", delete: "Delete", removed: "The job was deleted.", details: "Details", hide: "Hide details", open: "Details of {name}", not_again: "Its recordings are not kept, so it cannot be done again from here.",
    again_done: "It is done again, as a new job.", gone: "There is no such job.", new_above: "{n} new job above|{n} new jobs above", segments: "Segments", segment: "Segment", text: "Text", from: "From", to: "To", cached: "reused", words: "Words", yes: "yes", no: "no",
    engine: "Engine", voice: "Voice", profile: "Profile", speed: "Speed", seed: "Seed", created: "Asked for", started: "Begun", ended: "Ended", expires: "Kept until", attempt: "Attempt", duration: "Length", size: "File", language: "Language", error: "What went wrong", warnings: "The service says", message: "Now", rvc: "Conversion",
    open_in_speak: "Open in Speak", sound: "Sound of {name}", jobs: "Jobs", actions: "Actions", no_segments: "No segments are known.", format: "Kept as", priority: "Turn", webhook: "Told", id: "Id", key: "Result", more_segments: "Show all {n} segments",
  },
  {
    live: "Ao vivo", away: "Sem notícias: tentando de novo…", total: "{n} trabalho|{n} trabalhos", status: "Estado", mode: "Tipo", any: "Todos", search: "Palavras do texto, uma voz, um id", looking: "{n} trabalho olhado…|{n} trabalhos olhados…", find: "Achar",
    queued: "na fila", processing: "em andamento", completed: "pronto", failed: "falhou", cancelled: "cancelado",
    dubbing: "texto, voz pronta", dubbing_with_clone: "texto, voz própria", convert: "gravação", clone: "voz aprendida", mix: "vozes misturadas",
    none: "Não há trabalhos", none_hint: "O que você falou, converteu ou ensinou aparece aqui por um dia.", none_found: "Nenhum trabalho combina.", previous: "Mais novos", next: "Mais antigos", page: "Página {n}",
    cancel: "Cancelar", again: "Fazer de novo", delete: "Apagar", removed: "O trabalho foi apagado.", details: "Detalhes", hide: "Esconder detalhes", open: "Detalhes de {name}", not_again: "As gravações não ficam guardadas, então não dá para refazer daqui.",
    again_done: "Está sendo refeito, como um trabalho novo.", gone: "Não existe esse trabalho.", new_above: "{n} trabalho novo acima|{n} trabalhos novos acima", segments: "Trechos", segment: "Trecho", text: "Texto", from: "De", to: "Até", cached: "reaproveitado", words: "Palavras", yes: "sim", no: "não",
    engine: "Motor", voice: "Voz", profile: "Perfil", speed: "Velocidade", seed: "Semente", created: "Pedido", started: "Começado", ended: "Terminado", expires: "Guardado até", attempt: "Tentativa", duration: "Duração", size: "Arquivo", language: "Idioma", error: "O que deu errado", warnings: "O serviço avisa", message: "Agora", rvc: "Conversão",
    open_in_speak: "Abrir em Falar", sound: "Som de {name}", jobs: "Trabalhos", actions: "Ações", no_segments: "Nenhum trecho conhecido.", format: "Guardado como", priority: "Vez", webhook: "Avisado", id: "Id", key: "Resultado", more_segments: "Mostrar todos os {n} trechos",
  },
);
