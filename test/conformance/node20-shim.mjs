/**
 * Lets the conformance suite load on Node 20: its one import that needs Node 22 is `fs.globSync`, for a
 * command that is not used here. It becomes `undefined`. Use: node --import ./node20-shim.mjs <suite>
 */
import { register } from 'node:module';

const hooks = `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!loaded.source || !/@modelcontextprotocol\\/conformance\\/dist\\/index\\.js/.test(url)) return loaded;
  let alias;
  const source = Buffer.from(loaded.source).toString('utf8')
    .replace(/globSync(?: as (\\w+))?,/, (_, name) => { alias = name ?? 'globSync'; return ''; });
  return alias ? { ...loaded, source: source + ';var ' + alias + ';' } : loaded;
}`;

if (Number(process.versions.node.split('.')[0]) < 22)
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
