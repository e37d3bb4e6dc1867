import { addMetrics, type ItemMetrics } from '../kernel/item-metrics.js';
import type { Repo } from './port.js';

/** Records read in one statement. */
const BATCH = 200;

/** What records were used for so far. */
export class MetricsRepository {
  constructor(private readonly repo: Repo<ItemMetrics>) {}

  all(): Promise<ItemMetrics[]> {
    return this.repo.find();
  }

  /**
   * Adds to what is stored; to be called within a transaction, because others add, too.
   * @returns the new sums
   */
  async add(news: readonly ItemMetrics[]): Promise<ItemMetrics[]> {
    const sums: ItemMetrics[] = [];
    for (let i = 0; i < news.length; i += BATCH) {
      const batch = news.slice(i, i + BATCH);
      const stored = await this.repo.find({ id: { in: batch.map(({ id }) => id) } });
      const known = new Map(stored.map((row) => [row.id, row]));
      await this.repo.insert(batch.filter(({ id }) => !known.has(id)));
      for (const row of batch) {
        const before = known.get(row.id);
        const { id, ...sum } = before === undefined ? row : addMetrics(before, row);
        if (before !== undefined) await this.repo.update({ id }, sum);
        sums.push({ id, ...sum });
      }
    }
    return sums;
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += BATCH)
      await this.repo.delete({ id: { in: ids.slice(i, i + BATCH) } });
  }
}
