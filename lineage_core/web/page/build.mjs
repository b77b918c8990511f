// Builds ../built from src: one script and one style sheet, with the notices of what is in them.
// Run by ./build, which sees to it that the packages are those of package-lock.json.

import { build } from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

mkdirSync("built", { recursive: true });
const made = await build({
  entryPoints: ["src/main.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  outfile: "built/page.js",
  metafile: true,
});
const style = await build({ entryPoints: ["src/page.css"], minify: true, outfile: "built/page.css" });
if (made.warnings.length || style.warnings.length) process.exit(1);

const used = new Set();
for (const path of Object.keys(made.metafile.inputs)) {
  const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) used.add(found[1]);
}
const notices = [...used].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
});
writeFileSync("built/NOTICES.txt", `page.js holds these packages.\n\n${notices.join("\n----\n\n")}`);
for (const name of ["index.html", "icon.svg"]) copyFileSync(`src/${name}`, `built/${name}`);
