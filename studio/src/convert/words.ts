import { dictionary } from "../i18n";

export const t = dictionary(
  {
    recording: "A recording in", drop: "Drop a recording of speech or song here", drop_hint: "wav, mp3, m4a, ogg, flac, opus, webm, up to 10 minutes.", chosen: "Recording: {name}",
    not_sound: "This is not a sound file: {name}", large: "Too large: {why}",
    convert: "Convert", uploading: "Uploading: {n} %", waiting: "Waiting for its turn…", converting: "Converting: {n} %", cancel: "Stop", result: "Before and after",
    before: "Before", after: "After", switch: "Which one is heard", matched: "Both are equally loud, so that only the voice differs.", pitch: "Melody of both", pitch_text: "Median pitch before: {a} Hz, after: {b} Hz",
    index_used: "The model's index was used.", index_not: "The model's index was not used: {why}", unreadable: "The browser cannot read the recording, so only the result can be heard here.",
    models: "Models", upload: "Upload a model", pth: "Model file (.pth)", index: "Index file (.index, {optional})", upload_start: "Upload and check", checking: "The service is checking it: nothing in it is run…",
    verdict: "{name} was taken in", v_version: "RVC {version}, {rate} Hz", v_f0: "follows the pitch", v_no_f0: "does not follow the pitch", v_index: "index of {n} entry|index of {n} entries", v_no_index: "no index", v_size: "{size} kept, as safetensors",
    v_checked: "Read without running anything in it; every array was checked for its shape.", none: "There is no model yet", none_hint: "An RVC model is a .pth file, mostly with an .index file beside it.",
    stats: "{n} of {most} models, {size}; {indexed} with an index", delete: "Delete {name}", removed: "{name} was deleted.", off: "Conversion is not installed here", seed: "Seed", seed_tip: "The same recording with the same seed always sounds the same. Another number is another take.", choose_first: "Choose a recording and a model.", details: "Details of {name}", failed: "It could not be converted: {why}",
  },
  {
    recording: "Uma gravação entra", drop: "Solte aqui uma gravação de fala ou canto", drop_hint: "wav, mp3, m4a, ogg, flac, opus, webm, até 10 minutos.", chosen: "Gravação: {name}",
    not_sound: "Este não é um arquivo de som: {name}", large: "Grande demais: {why}",
    convert: "Converter", uploading: "Enviando: {n} %", waiting: "Esperando a vez…", converting: "Convertendo: {n} %", cancel: "Parar", result: "Antes e depois",
    before: "Antes", after: "Depois", switch: "Qual se ouve", matched: "Os dois têm o mesmo volume, para que só a voz mude.", pitch: "Melodia dos dois", pitch_text: "Altura mediana antes: {a} Hz, depois: {b} Hz",
    index_used: "O índice do modelo foi usado.", index_not: "O índice do modelo não foi usado: {why}", unreadable: "O navegador não lê a gravação, então só o resultado pode ser ouvido aqui.",
    models: "Modelos", upload: "Enviar um modelo", pth: "Arquivo do modelo (.pth)", index: "Arquivo do índice (.index, {optional})", upload_start: "Enviar e verificar", checking: "O serviço está verificando: nada dele é executado…",
    verdict: "{name} foi aceito", v_version: "RVC {version}, {rate} Hz", v_f0: "segue a altura", v_no_f0: "não segue a altura", v_index: "índice de {n} entrada|índice de {n} entradas", v_no_index: "sem índice", v_size: "{size} guardados, como safetensors",
    v_checked: "Lido sem executar nada do que contém; a forma de cada matriz foi conferida.", none: "Ainda não há modelos", none_hint: "Um modelo de RVC é um arquivo .pth, quase sempre com um .index junto.",
    stats: "{n} de {most} modelos, {size}; {indexed} com índice", delete: "Apagar {name}", removed: "{name} foi apagado.", off: "A conversão não está instalada aqui", seed: "Semente", seed_tip: "A mesma gravação com a mesma semente soa sempre igual. Outro número é outra tomada.", choose_first: "Escolha uma gravação e um modelo.", details: "Detalhes de {name}", failed: "Não foi possível converter: {why}",
  },
);
