const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;
type Level = (typeof LEVELS)[number];
/** The least severe level that is written. */
export type Threshold = Level | 'off';

export function isThreshold(text: string): text is Threshold {
  return text === 'off' || (LEVELS as readonly string[]).includes(text);
}

/** One event: its name, and facts about it; never a credential, an argument or a result. */
export type LogEvent = { readonly event: string } & Readonly<
  Record<string, string | number | null>
>;

/** One JSON line per event, anywhere but on stdout. */
export class WrapperLog {
  private readonly from: number;

  constructor(
    threshold: Threshold,
    private readonly write: (line: string) => void,
  ) {
    this.from = threshold === 'off' ? LEVELS.length : LEVELS.indexOf(threshold);
  }

  debug(event: LogEvent): void {
    this.put('debug', event);
  }

  info(event: LogEvent): void {
    this.put('info', event);
  }

  warning(event: LogEvent): void {
    this.put('warning', event);
  }

  error(event: LogEvent): void {
    this.put('error', event);
  }

  /** Told by default: what ends the wrapper, and input that nobody can answer. */
  critical(event: LogEvent): void {
    this.put('critical', event);
  }

  private put(level: Level, event: LogEvent): void {
    if (LEVELS.indexOf(level) < this.from) return;
    this.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...event })}\n`);
  }
}
