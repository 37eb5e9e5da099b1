/** How a job is treated, beside how it sounds. Choices, limits and defaults are those of the service (docs/http.md). */
import type { JobBody } from "../api/types";

export const PRIORITIES = ["high", "normal", "low"] as const;
export const FORMATS = ["wav", "mp3", "ogg", "flac", "m4a", "opus"] as const;
/** Longest address of a webhook, in characters. */
export const LONGEST_URL = 2_000;

export interface Advanced {
  format: (typeof FORMATS)[number];
  priority: (typeof PRIORITIES)[number];
  /** Empty: nobody is told. */
  webhook: string;
}

export const ADVANCED_DEFAULTS: Advanced = { format: "wav", priority: "normal", webhook: "" };

/** As in `JobBody`, where none of them is left out by null. */
interface AdvancedFields {
  output_format?: NonNullable<JobBody["output_format"]>;
  priority?: NonNullable<JobBody["priority"]>;
  webhook_url?: string;
}

/** As the service wants them; what is as it would be anyway is left out. */
export function advancedFields({ format, priority, webhook }: Advanced): AdvancedFields {
  const address = webhook.trim();
  return {
    ...(format === ADVANCED_DEFAULTS.format ? {} : { output_format: format }),
    ...(priority === ADVANCED_DEFAULTS.priority ? {} : { priority }),
    ...(address === "" ? {} : { webhook_url: address }),
  };
}

/** Why the service would refuse the address at first sight, or null. Whether it may be called, only the service knows. */
export function webhookWrong(webhook: string): "webhook_long" | "webhook_wrong" | null {
  const address = webhook.trim();
  if (address === "") return null;
  if (address.length > LONGEST_URL) return "webhook_long";
  const plain = /^https?:\/\/[^/?@]+([/?]|$)/i.test(address) && /^[!-~]+$/.test(address) && !/[\\#]/.test(address);
  return plain && parsed(address) ? null : "webhook_wrong";
}

function parsed(address: string): boolean {
  try {
    const { hostname, port } = new URL(address);
    return hostname !== "" && port !== "0";
  } catch {
    return false;
  }
}
