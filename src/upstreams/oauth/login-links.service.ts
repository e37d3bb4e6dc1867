import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Sealer } from '../../platform/crypto/sealer.js';

/** The page where a person begins to log in to an upstream. */
export const LOGIN_PAGE_PATH = '/oauth/login';
/** For so long a link is good, in ms. */
const LIFE_MS = 600_000;
const LABEL = 'login';
const AAD = 'link';

/** What a link is for. */
export interface LinkedLogin {
  readonly gatewayId: GatewayId;
  /** The person it was made for: nobody else may use it. */
  readonly holder: string;
}

/** Links to our own page, on which a person logs in to an upstream (26 Elicitation §Phishing). */
@Injectable()
export class LoginLinks {
  private base: string;

  constructor(
    private readonly config: Config,
    private readonly sealer: Sealer,
  ) {
    this.base = `http://localhost:${String(config.port)}${config.appRootPath}`;
  }

  /** Told by `main` once the real address is known; `PUBLIC_URL` goes before. */
  listensAt(url: string): void {
    this.base = url;
  }

  to({ gatewayId, holder }: LinkedLogin): string {
    const ticket = JSON.stringify([Date.now() + LIFE_MS, gatewayId, holder]);
    const base = (this.config.publicUrl === '' ? this.base : this.config.publicUrl).replace(
      /\/+$/,
      '',
    );
    return `${base}${LOGIN_PAGE_PATH}?ticket=${this.sealer.seal(LABEL, ticket, AAD)}`;
  }

  /** @returns `undefined` for what we have not made, or no longer count */
  open(ticket: string): LinkedLogin | undefined {
    const plain = this.sealer.open(LABEL, ticket, AAD);
    if (plain === undefined) return undefined;
    const [until, gatewayId, holder] = JSON.parse(plain) as [number, GatewayId, string];
    return Date.now() > until ? undefined : { gatewayId, holder };
  }
}
