import { Injectable } from '@nestjs/common';
import { ItemTally } from '../audit/item-tally.service.js';
import { type MeasuredKind, metricsView } from '../kernel/item-metrics.js';
import type { View } from '../registry/views/common-view.js';

/** What every entity shows of its use (API.md §2.1). */
@Injectable()
export class EntityMetrics {
  constructor(private readonly tally: ItemTally) {}

  of(kind: MeasuredKind, id: string): View {
    const metrics = this.tally.of(kind, id);
    return { metrics: metricsView(metrics), executionCount: metrics?.total ?? 0 };
  }

  /** For sorting by it. */
  counter(kind: MeasuredKind): (id: string) => number {
    return (id) => this.tally.of(kind, id)?.total ?? 0;
  }

  /** Forgets what is known of one entity. */
  forget(kind: MeasuredKind, id: string): Promise<void> {
    return this.tally.reset([kind], id);
  }
}
