/** Line drawings, our own, of 24 by 24. They say nothing to screen readers; the button around them does. */
const PATHS = {
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  download: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  upload: "M12 16V5m-5 4 5-5 5 5M5 20h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  trash: "M4 7h16M9 7V4h6v3m-9 0 1 13h10l1-13",
  plus: "M12 5v14M5 12h14",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
  check: "m5 12 5 5L20 7",
  x: "m6 6 12 12M18 6 6 18",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm3 1 9-9m-3 3 3 3m-6 0 2 2",
  speak: "M4 12v2M8 8v10M12 4v18M16 8v10M20 11v4",
  voices: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2 20c0-4 3-6 7-6s7 2 7 6M16 5a3.5 3.5 0 0 1 0 7m2 2c3 1 4 3 4 6",
  convert: "M4 8h13l-3-3m6 11H7l3 3",
  jobs: "M4 6h2m3 0h11M4 12h2m3 0h11M4 18h2m3 0h11",
  profiles: "M5 4v8m0 4v4M12 4v3m0 4v9M19 4v10m0 4v2M3 14h4m3-5h4m3 7h4",
  system: "M3 13h4l3-8 4 14 3-6h4",
  edit: "m4 20 1-5L16 4l4 4L9 19z",
  star: "m12 4 2.4 5.2 5.6.7-4.200 3.900 1.100 5.600L12 16.600 7.100 19.400l1.100-5.600L4 9.900l5.600-.700z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 5 5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 8v6m0-9.500v.500",
  warn: "M12 4 2.500 20h19zM12 10v5m0 2.500v.500",
  loop: "M4 12a8 8 0 0 1 14-5l2 2m0-5v5h-5M20 12a8 8 0 0 1-14 5l-2-2m0 5v-5h5",
  spark: "M12 3v6m0 6v6M3 12h6m6 0h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  const solid = name === "play" || name === "stop";
  return (
    <svg class={solid ? "drawn solid" : "drawn"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
