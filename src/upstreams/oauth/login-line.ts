import type { Gateway } from '../../kernel/catalog.js';
import type { LiveCredential, Renewal } from './live-credential.js';
import { blankRecord, type LoginRecord } from './login-record.js';
import type { KeptLogin, LoginPlace, LoginStore } from './login-store.service.js';

const MAX_WRITES = 5;

/** What is known in this process of one login: that of a Gateway itself, or of a person at it. */
export class LoginLine implements LoginPlace, KeptLogin {
  readonly gateway: Gateway;
  readonly holder: string | null;
  readonly credential: LiveCredential;
  record: LoginRecord;
  /** As it was read or written last. */
  revision: number | null;
  private renewing: Promise<Renewal> | null = null;
  /** Counts the times that it has ended: what was being read then is older than that. */
  private ends = 0;
  /** What was written when it was last found to be of no use, as JSON text. */
  private givenUp: string | null = null;

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
    this.givenUp = null;
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

  /** The person has logged out: nothing is sent with it any more, not even by what is just being read. */
  ended(): void {
    this.ends++;
    this.hold({ record: blankRecord(this.record.url), revision: null });
  }

  /**
   * Keeps a renewal of what was there before, unless a newer login stands in the store by now. Who only
   * wrote down beside those tokens what the upstream asks for is written over.
   * @returns whether there is a token now
   */
  async keepRenewed(before: LoginRecord, renewed: LoginRecord): Promise<boolean> {
    let login: KeptLogin = { record: renewed, revision: this.revision };
    for (let writes = 0; writes < MAX_WRITES; writes++) {
      this.hold(login);
      // A Gateway that is being registered has no record yet.
      if ((await this.write(false)) || this.holder === null) break;
      const stored = await this.stored();
      const isSame = stored.revision !== null && stored.record.tokensAt <= before.tokensAt;
      if (!isSame) {
        this.hold(stored);
        break;
      }
      const { challenge } = stored.record;
      login = { record: { ...renewed, challenge }, revision: stored.revision };
    }
    return this.record.tokens !== null;
  }

  /**
   * It is of no use any more, or not enough: that is written down, unless it is already. A person who
   * never logged in has nothing to be kept.
   * @returns whether it is news
   */
  async giveUp(): Promise<boolean> {
    // A token that is only too narrow is good for the rest.
    if (this.holder !== null && this.record.tokens === null) this.credential.set(null);
    const text = JSON.stringify(this.record);
    if (text === this.givenUp || this.revision === null) return false;
    await this.write(true);
    this.givenUp = text;
    return true;
  }

  /**
   * Another replica may have been faster, or the person may have logged out there.
   * @returns whether there is another token than before
   */
  async takeOther(): Promise<boolean> {
    const stored = await this.stored();
    const { tokens, tokensAt } = stored.record;
    const isGone = stored.revision === null && this.revision !== null;
    const isNewer = tokens !== null && tokensAt > this.record.tokensAt;
    if (isGone || isNewer) this.hold(stored);
    return isNewer;
  }

  private async stored(): Promise<KeptLogin> {
    for (;;) {
      const { ends } = this;
      const stored = await this.store.read(this);
      if (ends === this.ends) return stored;
    }
  }

  /** One renewal for all who wait. */
  once(work: () => Promise<Renewal>): Promise<Renewal> {
    this.renewing ??= work().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }
}
