import type { Abort } from '../../../kernel/abort.js';
import { RELATED_TASK } from '../../../kernel/core-tasks.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import type { LogLevel } from '../../../kernel/mcp.js';
import type { UpstreamObserver } from '../../../kernel/upstream.js';
import type { Places } from '../../../upstreams/places.js';
import type { Watch } from '../../legs.js';

const NOBODY = '"error":{"code":-32601,"message":"The client of this task cannot be asked"}';

/**
 * A message with the task it belongs to under the id its client knows.
 * @param inside the inside of a result or of params
 * @param shownId `null` where the client knows of no task: the relation is cut
 */
export function related(inside: string, shownId: string | null): string {
  // Only what tasks say has the word, so nothing else is scanned.
  if (!inside.includes(RELATED_TASK)) return inside;
  const { top, nested } = scanJson(`{${inside}}`, { ...RELAYED, nested: ['_meta'] });
  const meta = nested['_meta'];
  if (meta?.has(RELATED_TASK) !== true) return inside;
  const parts = [top.without('_meta')];
  const kept = [meta.without(RELATED_TASK)];
  if (shownId !== null) kept.push(`"${RELATED_TASK}":{"taskId":${JSON.stringify(shownId)}}`);
  const members = kept.filter((text) => text !== '');
  if (members.length > 0) parts.push(`"_meta":{${members.join(',')}}`);
  return parts.filter((text) => text !== '').join(',');
}

/** As `related`, of a whole result. */
export function relatedResult(result: string, shownId: string | null): string {
  if (!result.includes(RELATED_TASK)) return result;
  return `{${related(result.trim().slice(1, -1), shownId)}}`;
}

/** Hears one leg of a task, for a client that knows the task by another id or not at all. */
export class TaskWatch implements Watch {
  /** @param hears `null` when nobody does */
  constructor(
    private readonly hears: UpstreamObserver | null,
    readonly abort: Abort,
    readonly places: Places | null,
    private readonly shownId: string | null,
  ) {}

  get logLevel(): LogLevel | null {
    return this.hears?.logLevel ?? null;
  }

  progress(params: string): void {
    this.hears?.progress(related(params, this.shownId));
  }

  notification(method: string, params: string): void {
    this.hears?.notification(method, related(params, this.shownId));
  }

  ask(method: string, params: string, answer: (reply: string) => void): () => void {
    if (this.hears !== null) return this.hears.ask(method, related(params, this.shownId), answer);
    answer(NOBODY);
    return () => undefined;
  }

  end(): void {
    this.hears?.end();
  }
}
