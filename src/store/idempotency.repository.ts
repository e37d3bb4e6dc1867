import type { IdempotentRequest } from '../kernel/idempotent-request.js';
import { insertNew } from './insert-new.js';
import type { Repo } from './port.js';

type Held = Pick<IdempotentRequest, 'id' | 'holder'>;

/** Requests with an `Idempotency-Key`. */
export class IdempotencyRepository {
  constructor(private readonly repo: Repo<IdempotentRequest>) {}

  find(id: string): Promise<IdempotentRequest | undefined> {
    return this.repo.get(id);
  }

  /** @returns whether there was none of that id */
  add(row: IdempotentRequest): Promise<boolean> {
    return insertNew(this.repo, row);
  }

  /** Only the holder may. @returns whether it still is */
  async update(
    { id, holder }: Held,
    patch: Partial<Pick<IdempotentRequest, 'answerSealed' | 'heldUntil'>>,
  ): Promise<boolean> {
    return (await this.repo.update({ id, holder }, patch)) > 0;
  }

  async delete({ id, holder }: Held): Promise<void> {
    await this.repo.delete({ id, holder });
  }

  /** What counted until before then goes. */
  async prune(before: string): Promise<void> {
    await this.repo.delete({ heldUntil: { lt: before } });
  }
}
