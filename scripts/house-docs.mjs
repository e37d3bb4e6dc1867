// @ts-check
/**
 * Writes the generated parts of the documentation: docs/errors.md from the error table and the
 * picture of the floors in docs/architecture.md from floors.mjs.
 * Usage: node scripts/house-docs.mjs [--check]; needs no build.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { BESIDE, FLOORS, mayImport } from '../floors.mjs';

const MARKS = ['<!-- floors: begin (npm run docs) -->', '<!-- floors: end -->'];

/** The table itself: errors.ts imports nothing, so it runs alone once its types are gone. */
async function errorTable() {
  const source = readFileSync('src/kernel/errors.ts', 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const loaded = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  return Object.entries(loaded.ERRORS);
}

async function errorsPage() {
  const rows = (await errorTable()).map(([code, row]) => {
    const onRpc = row.rpcOnRpc === undefined ? 'same' : String(row.rpcOnRpc);
    const text = row.text.replaceAll('|', '\\|');
    return `| <a id="${code}"></a>\`${code}\` | ${row.status} | ${row.rpc} | ${onRpc} | ${row.fault} | ${text} |`;
  });
  return `# Errors

Generated from \`src/kernel/errors.ts\` by \`npm run docs\`: change the table, not this page.

Management routes answer [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details
(\`application/problem+json\`) with the HTTP status below; \`code\`, \`requestId\` and, for 422, \`errors[]\`
stand beside \`detail\`. MCP endpoints and \`/rpc\` answer a JSON-RPC error; its \`data\` has \`code\` and
\`requestId\` too. Own JSON-RPC codes are positive: HTTP status × 100 + n. 429 and 503 carry \`Retry-After\`.

| code | HTTP | JSON-RPC | on \`/rpc\` | whose fault | text |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function floorsPart() {
  const rows = FLOORS.flatMap((floor, level) =>
    floor.map(
      (room) =>
        `| ${String(level)} | \`${room.folder}\` | ${room.is} | ${mayImport(room, level)
          .filter((folder) => folder !== room.folder)
          .map((folder) => `\`${folder}\``)
          .join(' ')} |`,
    ),
  );
  const beside = BESIDE.map(
    (room) =>
      `| – | \`${room.folder}\` | ${room.is} | ${room.mayImport.map((f) => `\`${f}\``).join(' ')}; the rest by \`import()\` |`,
  );
  return [
    '| floor | folder | what lives there | may import |',
    '| --- | --- | --- | --- |',
    '| top | files of `src/` itself | composition: the only ones that know every floor | everything |',
    ...rows.reverse(),
    ...beside,
  ].join('\n');
}

function architecturePage() {
  const page = readFileSync('docs/architecture.md', 'utf8');
  const [head, rest] = page.split(MARKS[0]);
  const tail = rest?.split(MARKS[1])[1];
  if (tail === undefined) throw new Error('docs/architecture.md has lost its marks for the floors');
  return `${head}${MARKS[0]}\n\n${floorsPart()}\n\n${MARKS[1]}${tail}`;
}

const isCheck = process.argv.includes('--check');
for (const [file, text] of [
  ['docs/errors.md', await errorsPage()],
  ['docs/architecture.md', architecturePage()],
]) {
  const page = await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
  const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (page === now) continue;
  if (isCheck) {
    console.error(`${file} is stale: run npm run docs`);
    process.exitCode = 1;
  } else writeFileSync(file, page);
}
