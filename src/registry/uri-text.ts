import type { Members } from '../kernel/json-members.js';
import { RELAYED, scanElements } from '../kernel/json-scan.js';
import { membersOf } from './item-text.js';
import type { ShownUris } from './shown-uris.js';

type Changes = Map<string, string>;

/** The older spelling of `_meta.ui.resourceUri` (MCP Apps). */
const FLAT_KEY = 'ui/resourceUri';

/** A definition as listed, with the page of its app under the URI by which it can be read. */
export function withShownApp(definition: string, uris: ShownUris | null): string {
  if (uris === null || !definition.includes('resourceUri')) return definition;
  return changed(membersOf(definition), (top, changes) => {
    changeApp(top, uris, changes);
  });
}

/**
 * A result of `tools/call`, `prompts/get` or `resources/read` with the URIs of its Gateway as they are
 * shown; everything else stays as the upstream wrote it.
 * @param uris `null` where all are shown as they are: hardly any Gateway has others
 */
export function withShownUris(result: string, uris: ShownUris | null): string {
  if (uris === null || !result.startsWith('{') || !/"(?:ui\/)?(?:uri|resourceUri)"/.test(result))
    return result;
  const block = (text: string): string => shownBlock(text, uris);
  return changed(membersOf(result), (top, changes) => {
    changeApp(top, uris, changes);
    changeEach(top, 'content', changes, block);
    changeEach(top, 'contents', changes, (text) => shownMember(text, 'uri', uris));
    changeEach(top, 'messages', changes, (text) => shownMessage(text, block));
  });
}

function changed(top: Members, change: (top: Members, changes: Changes) => void): string {
  const changes: Changes = new Map();
  change(top, changes);
  return top.spliced(changes);
}

/** Elements of an array, each as it was or replaced. */
function changeEach(
  top: Members,
  key: string,
  changes: Changes,
  replace: (element: string) => string,
): void {
  const array = top.raw(key);
  if (array?.startsWith('[') !== true) return;
  changes.set(key, `[${scanElements(array, RELAYED).map(replace).join(',')}]`);
}

function shownMessage(message: string, block: (text: string) => string): string {
  if (!message.startsWith('{')) return message;
  return changed(membersOf(message), (top, changes) => {
    const content = top.object('content');
    if (content === undefined) changeEach(top, 'content', changes, block);
    else changes.set('content', block(content));
  });
}

function shownBlock(block: string, uris: ShownUris): string {
  if (!block.startsWith('{')) return block;
  const top = membersOf(block);
  const type = top.string('type');
  if (type === 'resource_link') return shownMember(block, 'uri', uris);
  const resource = type === 'resource' ? top.object('resource') : undefined;
  if (resource === undefined) return block;
  return top.spliced(new Map([['resource', shownMember(resource, 'uri', uris)]]));
}

function changeApp(top: Members, uris: ShownUris, changes: Changes): void {
  const meta = top.object('_meta');
  if (meta?.includes('resourceUri') !== true) return;
  const shown = changed(membersOf(shownMember(meta, FLAT_KEY, uris)), (members, inMeta) => {
    const ui = members.object('ui');
    if (ui !== undefined) inMeta.set('ui', shownMember(ui, 'resourceUri', uris));
  });
  changes.set('_meta', shown);
}

/** An object with the URI in one of its members as it is shown; the text itself when nothing differs. */
function shownMember(text: string, key: string, uris: ShownUris): string {
  if (!text.startsWith('{')) return text;
  const top = membersOf(text);
  const uri = top.string(key);
  const shown = uri === undefined ? undefined : uris.of(uri);
  return shown === uri ? text : top.spliced(new Map([[key, JSON.stringify(shown)]]));
}
