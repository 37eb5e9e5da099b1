// Builds the page: `node build.mjs [--out FOLDER] [--watch]`. hatch_build.py calls it when the wheel is made.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const out = words.includes("--out") ? words[words.indexOf("--out") + 1] : join(here, "../src/entrypoints/http/studio_page");
const watch = words.includes("--watch");

/** Names of outputs that the page loads at once, in the document's head. */
function entries(metafile) {
  const all = Object.entries(metafile.outputs).filter(([, each]) => each.entryPoint === "src/main.tsx");
  const [path, made] = all.find(([name]) => name.endsWith(".js"));
  const name = (each) => each.split("/").at(-1);
  const eager = made.imports.filter((each) => each.kind === "import-statement").map((each) => name(each.path));
  return { script: name(path), style: name(made.cssBundle), eager };
}

function finish(result) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { script, style, eager } = entries(result.metafile);
  const icon = readFileSync(join(here, "icon.svg"));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  const html = readFileSync(join(here, "index.html"), "utf8")
    .replaceAll("{{script}}", `/studio/${script}`)
    .replaceAll("{{style}}", `/studio/${style}`)
    .replaceAll("{{icon}}", `/studio/${iconName}`)
    .replace("{{preload}}", eager.map((each) => `<link rel="modulepreload" href="/studio/${each}">`).join(""));
  const files = new Map(result.outputFiles.map((each) => [each.path.split("/").at(-1), each.contents]));
  files.set(iconName, icon);
  files.set(workletName, worklet.contents);
  for (const [name, content] of files) {
    writeFileSync(join(out, name), content);
    const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    writeFileSync(join(out, `${name}.br`), brotliCompressSync(content, best));
    writeFileSync(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
  writeFileSync(join(out, "index.html"), html);
  writeFileSync(join(out, "licences.txt"), licences(result.metafile));
  const sent = readdirSync(out).filter((name) => name.endsWith(".gz")).reduce((sum, name) => sum + readFileSync(join(out, name)).length, 0);
  console.log(`studio: ${files.size} files, ${(sent / 1000).toFixed(1)} kB as gzip`);
}

/** Of each package that is in the page: its name, version and licence text, as their licences ask for. */
function licences(metafile) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (match) packages.add(match[1]);
  }
  const texts = [...packages].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}\n`;
  });
  return texts.join("\n----\n\n");
}

/** What both builds share. */
const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox121", "safari17.5"],
  entryNames: "[name]-[hash]",
  minify: !watch,
  legalComments: "none",
  write: false,
};
// The audio thread loads its own file, by an address that the page has to know.
const worklet = (await esbuild.build({ ...common, entryPoints: ["src/sound/capture.worklet.ts"] })).outputFiles[0];
const workletName = worklet.path.split("/").at(-1);

const context = await esbuild.context({
  ...common,
  entryPoints: ["src/main.tsx"],
  splitting: true,
  define: { __CAPTURE__: JSON.stringify(`/studio/${workletName}`) },
  jsx: "automatic",
  jsxImportSource: "preact",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  sourcemap: watch ? "inline" : false,
  metafile: true,
  logLevel: "info",
  plugins: [{ name: "page", setup: (build) => build.onEnd((result) => { if (result.errors.length === 0) finish(result); }) }],
});
if (watch) {
  await context.watch();
} else {
  await context.rebuild();
  await context.dispose();
}
