import { type CallRecord, callIdAt } from '../kernel/call-record.js';
import type { Filter, Repo } from './port.js';

/** What a page of the call log is narrowed to; `from` inclusive, `to` exclusive, ISO 8601 UTC. */
export interface CallFilters {
  readonly principal?: string | undefined;
  readonly serverId?: string | undefined;
  readonly gateway?: string | undefined;
  readonly tool?: string | undefined;
  readonly method?: string | undefined;
  readonly outcome?: CallRecord['outcome'] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface CallPage {
  readonly filters?: CallFilters;
  readonly limit: number;
  /** Id of the last record of the page before; absent for the first page. */
  readonly before?: string | null;
}

/** Records removed in one statement: each holds up all other statements while it runs. */
const PRUNE_BATCH = 1000;

/** The call log. */
export class CallsRepository {
  constructor(private readonly repo: Repo<CallRecord>) {}

  append(rows: readonly CallRecord[]): Promise<void> {
    return this.repo.insert(rows);
  }

  /** Newest first. */
  page({ filters = {}, limit, before = null }: CallPage): Promise<CallRecord[]> {
    const { from, to, ...equal } = filters;
    const until = to === undefined ? null : idAt(to);
    const lt = until !== null && (before === null || until < before) ? until : before;
    const range = {
      ...(from === undefined ? {} : { gte: idAt(from) }),
      ...(lt === null ? {} : { lt }),
    };
    const filter: Filter<CallRecord> = {
      ...equal,
      ...((range.lt ?? range.gte) ? { id: range } : {}),
    };
    return this.repo.find(filter, { sort: { id: -1 }, limit });
  }

  /**
   * Removes what began before `iso`, in small bites, so that calls and pages go on meanwhile.
   * @returns how many records went
   */
  async pruneOlderThan(iso: string): Promise<number> {
    let gone = 0;
    for (;;) {
      const old = await this.repo.find(
        { id: { lt: idAt(iso) } },
        { sort: { id: 1 }, limit: PRUNE_BATCH },
      );
      const last = old.at(-1);
      if (last === undefined) return gone;
      gone += await this.repo.delete({ id: { lte: last.id } });
    }
  }
}

const idAt = (iso: string): string => callIdAt(Date.parse(iso));
