import { dictionary } from "../i18n";

export const common = dictionary(
  {
    speak: "Speak", voices: "Voices", convert: "Convert", jobs: "Jobs", profiles: "Profiles", system: "System",
    screens: "Screens", skip: "Skip to the content", language: "Language", theme: "Colours", theme_auto: "Like the system",
    theme_light: "Light", theme_dark: "Dark", key: "API key", tour: "Tour", close: "Close", cancel: "Cancel", save: "Save", delete: "Delete",
    rename: "Rename", undo: "Undo", retry: "Try again", loading: "Loading…", play: "Play", pause: "Pause", stop: "Stop", download: "Download",
    name: "Name", description: "Description", more: "More", back: "Back", next: "Next", done: "Done", optional: "optional", choose: "Choose", yes: "Yes", no: "No",
    offline: "The service cannot be reached. What you wrote is kept; this goes away by itself when it answers again.",
    no_workers: "No worker is there to do jobs. They wait, and begin when one comes.",
    key_title: "This service wants an API key", key_field: "Key (vk_…)", key_keep: "Keep it until this tab is closed",
    key_note: "It is kept in memory only, unless you tick the box; it never leaves for anywhere but this service.", key_use: "Use this key", key_forget: "Forget the key",
    key_none: "No key is in use.", key_some: "A key is in use.",
    empty_retry: "Look again", waveform: "Position in the sound", time_of: "{at} of {all}",
    failed: "That did not work", drop: "Drop files here, or choose them", seconds: "{n} s", copied: "Copied.", copy_failed: "The browser does not let this page copy. Mark the text and copy it yourself.",
  },
  {
    speak: "Falar", voices: "Vozes", convert: "Converter", jobs: "Trabalhos", profiles: "Perfis", system: "Sistema",
    screens: "Telas", skip: "Ir para o conteúdo", language: "Idioma", theme: "Cores", theme_auto: "Como o sistema",
    theme_light: "Claro", theme_dark: "Escuro", key: "Chave de API", tour: "Visita guiada", close: "Fechar", cancel: "Cancelar", save: "Salvar", delete: "Apagar",
    rename: "Renomear", undo: "Desfazer", retry: "Tentar de novo", loading: "Carregando…", play: "Ouvir", pause: "Pausar", stop: "Parar", download: "Baixar",
    name: "Nome", description: "Descrição", more: "Mais", back: "Voltar", next: "Avançar", done: "Pronto", optional: "opcional", choose: "Escolher", yes: "Sim", no: "Não",
    offline: "Não é possível falar com o serviço. O que você escreveu está guardado; este aviso some sozinho quando ele responder.",
    no_workers: "Não há quem faça os trabalhos agora. Eles esperam e começam quando alguém chegar.",
    key_title: "Este serviço pede uma chave de API", key_field: "Chave (vk_…)", key_keep: "Guardar até esta aba ser fechada",
    key_note: "Fica só na memória, a não ser que você marque a caixa; nunca vai a outro lugar que não este serviço.", key_use: "Usar esta chave", key_forget: "Esquecer a chave",
    key_none: "Nenhuma chave em uso.", key_some: "Há uma chave em uso.",
    empty_retry: "Olhar de novo", waveform: "Posição no som", time_of: "{at} de {all}",
    failed: "Não deu certo", drop: "Solte arquivos aqui ou escolha", seconds: "{n} s", copied: "Copiado.", copy_failed: "O navegador não deixa esta página copiar. Selecione o texto e copie você mesmo.",
  },
);
