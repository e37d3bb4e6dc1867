import type { Gateway } from '../../kernel/catalog.js';
import type { LiveCredential, Renewal } from './live-credential.js';
import type { LoginRecord } from './login-record.js';
import type { KeptLogin, LoginPlace, LoginStore } from './login-store.service.js';

/** What is known in this process of one login: that of a Gateway itself, or of a person at it. */
export class LoginLine implements LoginPlace, KeptLogin {
  readonly gateway: Gateway;
  readonly holder: string | null;
  readonly credential: LiveCredential;
  record: LoginRecord;
  /** As it was read or written last. */
  revision: number | null;
  private renewing: Promise<Renewal> | null = null;

  constructor(
    { gateway, holder }: LoginPlace,
    kept: KeptLogin,
    private readonly store: LoginStore,
    toCredential: (line: LoginLine) => LiveCredential,
  ) {
    this.gateway = gateway;
    this.holder = holder;
    this.record = kept.record;
    this.revision = kept.revision;
    this.credential = toCredential(this);
    this.hold(kept);
  }

  /** Goes by this from now on. */
  hold({ record, revision }: KeptLogin): void {
    this.record = record;
    this.revision = revision;
    this.credential.set(record.tokens?.access_token ?? null);
  }

  /** @returns whether the record was kept (`LoginStore.write`) */
  async write(needsLogin?: boolean): Promise<boolean> {
    const revision = await this.store.write(this, this, needsLogin);
    if (revision !== null) this.revision = revision;
    return revision !== null;
  }

  /** What stands in the store counts, whatever is known here. @returns whether it has a token */
  async reload(): Promise<boolean> {
    this.hold(await this.store.read(this));
    return this.record.tokens !== null;
  }

  /**
   * Another replica may have been faster, or the person may have logged out there.
   * @returns whether there is another token than before
   */
  async takeOther(): Promise<boolean> {
    const stored = await this.store.read(this);
    const { tokens, tokensAt } = stored.record;
    const isGone = stored.revision === null && this.revision !== null;
    const isNewer = tokens !== null && tokensAt > this.record.tokensAt;
    if (isGone || isNewer) this.hold(stored);
    return isNewer;
  }

  /** One renewal for all who wait. */
  once(work: () => Promise<Renewal>): Promise<Renewal> {
    this.renewing ??= work().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }
}

const MAX_LINES_PER_GATEWAY = 10_000;

/** The lines of one Gateway, its own among those of persons; the eldest goes when there are too many. */
export class LoginLines {
  private readonly byHolder = new Map<string | null, LoginLine>();

  get(holder: string | null): LoginLine | undefined {
    return this.byHolder.get(holder);
  }

  /** One that goes while it is in use reads what is stored, as the next does. */
  add(line: LoginLine): LoginLine {
    if (this.byHolder.size >= MAX_LINES_PER_GATEWAY)
      for (const eldest of [...this.byHolder.keys()].slice(0, 1)) this.byHolder.delete(eldest);
    this.byHolder.set(line.holder, line);
    return line;
  }
}
