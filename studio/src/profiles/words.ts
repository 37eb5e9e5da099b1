import { dictionary } from "../i18n";

export const t = dictionary(
  {
    engine: "Engine", new: "New profile", built_in: "built in", standard: "default", any_engine: "every engine", edit: "Edit {name}", look: "Look at {name}", duplicate: "Duplicate {name}", make_default: "Make {name} the default of {engine}",
    delete: "Delete {name}", removed: "{name} was deleted.", made_default: "{name} is the default of {engine} from the next job on.", fixed: "A built-in profile cannot be changed. Duplicate it, and change the copy.",
    save: "Save", create: "Create", try: "Try it on a sentence", sentence: "Sentence", trying: "Speaking…", tried: "As it would sound", try_note: "Nothing is saved by trying.", reset: "The engine's default", none: "No profiles are here", knobs: "Knobs", needs_admin: "Changing profiles needs a key with the scope admin.",
    of: "{n} knob set|{n} knobs set", pause_scale: "Length of pauses", segment_size: "Size of segments",
  },
  {
    engine: "Motor", new: "Novo perfil", built_in: "de fábrica", standard: "padrão", any_engine: "todos os motores", edit: "Editar {name}", look: "Ver {name}", duplicate: "Duplicar {name}", make_default: "Tornar {name} o padrão de {engine}",
    delete: "Apagar {name}", removed: "{name} foi apagado.", made_default: "{name} é o padrão de {engine} a partir do próximo trabalho.", fixed: "Um perfil de fábrica não muda. Duplique-o e mude a cópia.",
    save: "Salvar", create: "Criar", try: "Experimentar numa frase", sentence: "Frase", trying: "Falando…", tried: "Como soaria", try_note: "Experimentar não salva nada.", reset: "O padrão do motor", none: "Não há perfis", knobs: "Ajustes", needs_admin: "Mudar perfis pede uma chave com o escopo admin.",
    of: "{n} ajuste definido|{n} ajustes definidos", pause_scale: "Duração das pausas", segment_size: "Tamanho dos trechos",
  },
);
