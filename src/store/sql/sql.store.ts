import type { EntityManager } from 'typeorm';
import type { Definition, Identified, Repo, Store } from '../port.js';
import { translate } from './failures.js';
import { OPEN_GATE, type Gate } from './gate.js';
import { SqlRepo } from './sql.repo.js';

/** The store over one SQLite connection. */
export class SqlStore implements Store {
  constructor(
    private readonly manager: EntityManager,
    private readonly gate: Gate,
  ) {}

  repo<T extends Identified>(definition: Definition<T>): Repo<T> {
    return new SqlRepo(this.manager, definition, this.gate, (work) =>
      this.transaction(() => work(this.manager)),
    );
  }

  async transaction<R>(work: (tx: Store) => Promise<R>): Promise<R> {
    if (this.gate === OPEN_GATE) return work(this);
    const tx = new SqlStore(this.manager, OPEN_GATE);
    const failed: { error?: unknown } = {};
    try {
      const result = await this.gate.run(async () => {
        await this.manager.query('BEGIN IMMEDIATE');
        return this.finish(() => work(tx), failed);
      });
      if ('error' in failed) throw failed.error;
      return result as R;
    } catch (e) {
      throw translate(e);
    }
  }

  /**
   * Commits or rolls back. The error of the work itself is kept aside: it must not look like a lock
   * that another process holds, which would run the work again.
   */
  private async finish<R>(
    work: () => Promise<R>,
    failed: { error?: unknown },
  ): Promise<R | undefined> {
    try {
      const result = await work();
      await this.manager.query('COMMIT');
      return result;
    } catch (e) {
      failed.error = e;
      // SQLite has rolled back by itself after some errors; then this finds nothing to do.
      await this.manager.query('ROLLBACK').catch(() => undefined);
      return undefined;
    }
  }
}
