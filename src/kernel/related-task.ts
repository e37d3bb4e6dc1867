import { RELATED_TASK } from './core-tasks.js';
import { RELAYED, scanJson } from './json-scan.js';

/** Messages that say which task they belong to (25 Tasks §Related Task Metadata). */

/**
 * A message with the task it belongs to under the id its client knows.
 * @param inside the inside of a result or of params
 * @param shownId `null` where the client knows of no task: the relation is cut
 */
export function related(inside: string, shownId: string | null): string {
  return relatedAs(inside, () => shownId);
}

/** As `related`. @param shownIdOf gives the client's id for that of the upstream */
export function relatedAs(inside: string, shownIdOf: (taskId: string) => string | null): string {
  // Only what tasks say has the word, so nothing else is scanned.
  if (!inside.includes(RELATED_TASK)) return inside;
  const { top, nested } = scanJson(`{${inside}}`, { ...RELAYED, nested: ['_meta'] });
  const meta = nested['_meta'];
  const relation = meta?.raw(RELATED_TASK);
  if (meta === undefined || relation === undefined) return inside;
  const shownId = shownIdOf(scanJson(relation, RELAYED).top.string('taskId') ?? '');
  const parts = [top.without('_meta')];
  const kept = [meta.without(RELATED_TASK)];
  if (shownId !== null) kept.push(`"${RELATED_TASK}":{"taskId":${JSON.stringify(shownId)}}`);
  const members = kept.filter((text) => text !== '');
  if (members.length > 0) parts.push(`"_meta":{${members.join(',')}}`);
  return parts.filter((text) => text !== '').join(',');
}

/** As `related`, of a whole result; one that is no object relates to nothing, and stays as it is. */
export function relatedResult(result: string, shownId: string | null): string {
  if (!result.includes(RELATED_TASK)) return result;
  const text = result.trim();
  return text.startsWith('{') ? `{${related(text.slice(1, -1), shownId)}}` : result;
}
