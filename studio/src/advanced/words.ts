import { dictionary } from "../i18n";

export const advancedWords = dictionary(
  {
    title: "Advanced", format: "Keep it as", format_tip: "The kind of file that is kept with the job. It can be downloaded as any other kind all the same.",
    priority: "Turn in the queue", priority_tip: "Every waiting job that goes first begins before any other. It does not sound different.", high: "First", normal: "As usual", low: "When nothing else waits",
    webhook: "Tell this address", webhook_tip: "A program of yours at this address gets a signed message when the job has ended. Only a service that was set up for it does that.",
    webhook_hint: "https://… – leave it empty, and nobody is told.", webhook_wrong: "This is no address that can be told: begin with https:// and a host, without a user, a password, spaces or #.", webhook_long: "This address has {n} characters; {most} is the most.",
  },
  {
    title: "Avançado", format: "Guardar como", format_tip: "O tipo de arquivo que fica guardado com o trabalho. Mesmo assim dá para baixar em qualquer outro.",
    priority: "Vez na fila", priority_tip: "Todo trabalho que vai primeiro começa antes dos outros que esperam. O som não muda.", high: "Primeiro", normal: "Como sempre", low: "Quando nada mais espera",
    webhook: "Avisar este endereço", webhook_tip: "Um programa seu neste endereço recebe uma mensagem assinada quando o trabalho termina. Só um serviço preparado para isso avisa.",
    webhook_hint: "https://… – vazio, ninguém é avisado.", webhook_wrong: "Não é um endereço que possa ser avisado: comece com https:// e um servidor, sem usuário, senha, espaços ou #.", webhook_long: "Este endereço tem {n} caracteres; o máximo é {most}.",
  },
);
