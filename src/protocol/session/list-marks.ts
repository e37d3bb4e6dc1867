import { createHash } from 'node:crypto';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LIST_KINDS, type ListKind } from '../../kernel/mcp.js';
import { MemoryBus } from '../../platform/bus/memory.bus.js';
import type { CatalogView } from '../../registry/entries.js';
import { UPSTREAM_NOTICE, type UpstreamNotice } from '../../registry/upstream-notice.js';

/** How the lists of a view read, small enough to be kept by every session: one object for all of a view. */
export type ListMarks = Readonly<Record<ListKind, string>>;

/** Marks of lists: what a session without a stream is compared by, once it opens one (PROTOCOL.md §6.3). */
@Injectable()
export class ListMarking implements OnModuleInit, OnModuleDestroy {
  /** How often each upstream itself has said that a list changed. */
  private readonly said = new Map<string, number>();
  private known = new WeakMap<CatalogView, ListMarks>();
  private stop: () => void = () => undefined;

  constructor(private readonly bus: MemoryBus) {}

  onModuleInit(): void {
    this.stop = this.bus.subscribe(UPSTREAM_NOTICE, (message) => {
      this.count(message as UpstreamNotice);
    });
  }

  onModuleDestroy(): void {
    this.stop();
  }

  of(view: CatalogView): ListMarks {
    let marks = this.known.get(view);
    if (marks === undefined) {
      const made = LIST_KINDS.map((kind) => [kind, this.mark(view, kind)] as const);
      marks = Object.fromEntries(made) as Record<ListKind, string>;
      this.known.set(view, marks);
    }
    return marks;
  }

  private mark(view: CatalogView, kind: ListKind): string {
    const hash = createHash('sha256').update(view.listText(kind, 'legacy')).digest('base64url');
    const said = view.gateways
      .filter(({ id }) => this.said.has(`${kind} ${id}`) && view.shows(id, kind))
      .map(({ id }) => `${id}=${String(this.said.get(`${kind} ${id}`))}`);
    return [hash, ...said].join(' ');
  }

  private count({ gatewayId, kinds }: UpstreamNotice): void {
    for (const kind of kinds) {
      const key = `${kind} ${gatewayId}`;
      this.said.set(key, (this.said.get(key) ?? 0) + 1);
    }
    this.known = new WeakMap();
  }
}

export function differing(before: ListMarks, now: ListMarks): ListKind[] {
  return LIST_KINDS.filter((kind) => before[kind] !== now[kind]);
}
