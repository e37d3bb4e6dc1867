import type { GatewayId } from '../../kernel/ids.js';
import type { LiveCredential } from './live-credential.js';
import { LoginLine } from './login-line.js';
import type { KeptLogin, LoginPlace, LoginStore } from './login-store.service.js';

const MAX_LINES_PER_GATEWAY = 10_000;

type OfGateway = Map<string | null, LoginLine>;

/**
 * The lines of all logins that are in use, a Gateway's own among those of persons; the eldest of a
 * Gateway goes when there are too many.
 */
export class LoginLines {
  private readonly byGateway = new Map<GatewayId, OfGateway>();
  /** What is being read just now, by whose it is. */
  private readonly reads = new Map<string, Promise<LoginLine>>();

  constructor(
    private readonly store: LoginStore,
    private readonly toCredential: (line: LoginLine) => LiveCredential,
  ) {}

  of(place: LoginPlace): Promise<LoginLine> {
    const known = this.current(place);
    if (known !== undefined) return Promise.resolve(known);
    return this.read(place);
  }

  /** The login has just ended. @returns whether anything here could go by it */
  ended(place: LoginPlace): boolean {
    this.reads.delete(keyOf(place));
    const line = this.byGateway.get(place.gateway.id)?.get(place.holder);
    line?.ended();
    return line !== undefined;
  }

  /** The Gateway was changed or is gone. */
  forget(id: GatewayId): void {
    this.byGateway.delete(id);
    for (const key of this.reads.keys()) if (key.startsWith(`${id} `)) this.reads.delete(key);
  }

  private current({ gateway, holder }: LoginPlace): LoginLine | undefined {
    const known = this.byGateway.get(gateway.id)?.get(holder);
    return known?.record.url === gateway.url ? known : undefined;
  }

  /** One read for all who wait, until its line is there; what has ended meanwhile is read again. */
  private read(place: LoginPlace): Promise<LoginLine> {
    const key = keyOf(place);
    const running = this.reads.get(key);
    if (running !== undefined) return running;
    const read: Promise<LoginLine> = this.store
      .read(place)
      .then((kept) =>
        this.reads.get(key) === read
          ? (this.current(place) ?? this.add(place, kept))
          : this.read(place),
      )
      .finally(() => {
        if (this.reads.get(key) === read) this.reads.delete(key);
      });
    this.reads.set(key, read);
    return read;
  }

  /** One that goes while it is in use reads what is stored, as the next does. */
  private add(place: LoginPlace, kept: KeptLogin): LoginLine {
    const { id } = place.gateway;
    const lines: OfGateway = this.byGateway.get(id) ?? new Map<string | null, LoginLine>();
    this.byGateway.set(id, lines);
    if (lines.size >= MAX_LINES_PER_GATEWAY)
      for (const eldest of [...lines.keys()].slice(0, 1)) lines.delete(eldest);
    const line = new LoginLine(place, kept, this.store, this.toCredential);
    lines.set(place.holder, line);
    return line;
  }
}

const keyOf = ({ gateway, holder }: LoginPlace): string =>
  `${gateway.id} ${holder ?? ''} ${gateway.url ?? ''}`;
