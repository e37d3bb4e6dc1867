import { taskToolList } from './tasks.mjs';
import { APP_URI } from './tools/app.mjs';
import { LISTED, fits } from './tools/index.mjs';

const nonce = { nonce: { type: 'string' } };
const schemaOf = {
  echo: {
    type: 'object',
    properties: { ...nonce, message: { type: 'string' } },
    required: ['message'],
  },
  get_system_time: { type: 'object', properties: { ...nonce, timezone: { type: 'string' } } },
};

const toolOf = (name) => ({
  name,
  description: `kit behaviour ${name}`,
  inputSchema: schemaOf[name] ?? { type: 'object', properties: nonce },
  ...(name === 'app' && { _meta: { ui: { resourceUri: APP_URI } } }),
});

/** Items that a careful reader leaves out one by one. */
const BAD_ITEMS = [
  { name: 'bad name with spaces', inputSchema: { type: 'object' } },
  { name: 'x'.repeat(300), inputSchema: { type: 'object' } },
  { description: 'nameless', inputSchema: { type: 'object' } },
  { name: 'schemaless' },
  'not even an object',
  null,
];

/** The four lists, as the modes of `/set` want them. */
export class Lists {
  constructor(options) {
    this.only = options.only ?? null;
    this.extra = options.tools ?? 0;
    this.hasTasks = options.hasTasks === true;
    this.pageSize = 0;
    this.repeatCursor = false;
    this.badItems = false;
    /** Input schemas that stand for the usual ones, by tool. */
    this.schemas = {};
    /** What a modern server says of the life of its lists. */
    this.hints = {};
  }

  tools(transport) {
    const names = this.only ?? LISTED.filter((name) => fits(name, transport));
    const extra = Array.from({ length: this.extra }, (_, i) => toolOf(`extra_${i}`));
    const own = names.map((name) => {
      const schema = this.schemas[name];
      return schema === undefined ? toolOf(name) : { ...toolOf(name), inputSchema: schema };
    });
    const tasks = this.hasTasks ? taskToolList() : [];
    return [...own, ...tasks, ...extra, ...(this.badItems ? BAD_ITEMS : [])];
  }

  page(key, items, cursor) {
    if (!this.pageSize) return { [key]: items };
    const from = cursor === undefined ? 0 : Number(cursor.replace('c', ''));
    const end = from + this.pageSize;
    const next = this.repeatCursor ? 'c0' : end < items.length ? `c${end}` : undefined;
    return { [key]: items.slice(from, end), ...(next === undefined ? {} : { nextCursor: next }) };
  }
}

export const RESOURCES = [
  { uri: 'test://one', name: 'one', mimeType: 'text/plain', description: 'the first' },
  { uri: APP_URI, name: 'view', mimeType: 'text/html' },
];
export const TEMPLATES = [
  { uriTemplate: 'test://items/{id}', name: 'item', mimeType: 'text/plain' },
];
export const PROMPTS = [
  { name: 'greet', description: 'greets', arguments: [{ name: 'name', required: true }] },
];
