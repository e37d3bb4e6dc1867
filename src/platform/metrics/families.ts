import type { Metric } from 'prom-client';

/** What prom-client's registry asks of a metric. */
interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

export interface FamilySpec<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}

/** A number that is added to or set directly: this is all that the hot path touches. */
export class Cell {
  value = 0;

  constructor(readonly labels: Readonly<Record<string, string>>) {}
}

/** Buckets of one series, not yet cumulative. */
export class Timing {
  private readonly counts: Float64Array;
  private sum = 0;

  constructor(
    readonly labels: Readonly<Record<string, string>>,
    private readonly bounds: readonly number[],
  ) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += seconds;
  }

  *samples(name: string): Generator<Sample> {
    let total = 0;
    for (const [index, count] of this.counts.entries()) {
      total += count;
      const le = this.bounds[index] ?? '+Inf';
      yield { metricName: `${name}_bucket`, value: total, labels: { ...this.labels, le } };
    }
    yield { metricName: `${name}_sum`, value: this.sum, labels: this.labels };
    yield { metricName: `${name}_count`, value: total, labels: this.labels };
  }
}

/** Series of a family beyond this many are counted together as `__other__`. */
const MAX_SERIES = 20_000;
export const OTHER = '__other__';

/**
 * One metric family: plain objects while it is fed, turned into prom-client's form at scrape. Its
 * own counters hash a label object per increment, which the data plane cannot afford.
 */
export abstract class Family<L extends string, S extends Cell | Timing> {
  abstract readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  private readonly labelNames: readonly L[];
  protected readonly series = new Map<string, S>();

  constructor(spec: FamilySpec<L>) {
    this.name = spec.name;
    this.help = spec.help;
    this.labelNames = spec.labels;
  }

  /** The series with these label values, in the order of the labels; made when it is new. */
  at(...values: readonly string[]): S {
    const key = values.join('\0');
    const found = this.series.get(key);
    if (found) return found;
    if (this.series.size >= MAX_SERIES && values[0] !== OTHER) {
      return this.at(...values.map(() => OTHER));
    }
    const labels = Object.fromEntries(this.labelNames.map((name, i) => [name, values[i] ?? '']));
    const made = this.make(labels);
    this.series.set(key, made);
    return made;
  }

  /** Drops every series whose labels have these values. */
  forget(labels: Partial<Record<L, string>>): void {
    const wanted = Object.entries(labels);
    for (const [key, series] of this.series) {
      if (wanted.every(([name, value]) => series.labels[name] === value)) this.series.delete(key);
    }
  }

  /** For prom-client's registry. */
  get() {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: this.samples() });
  }

  /** For prom-client's registry: `resetMetrics()`. */
  reset(): void {
    this.series.clear();
  }

  /** prom-client types its registry by its own classes, but only reads `name` and `get()`. */
  asMetric(): Metric {
    return this as unknown as Metric;
  }

  protected abstract make(labels: Readonly<Record<string, string>>): S;
  protected abstract samples(): Sample[];
}

export class NumberFamily<L extends string> extends Family<L, Cell> {
  constructor(
    readonly type: 'counter' | 'gauge',
    spec: FamilySpec<L>,
  ) {
    super(spec);
  }

  protected make(labels: Readonly<Record<string, string>>): Cell {
    return new Cell(labels);
  }

  protected samples(): Sample[] {
    return [...this.series.values()].map(({ labels, value }) => ({ labels, value }));
  }
}

export class HistogramFamily<L extends string> extends Family<L, Timing> {
  readonly type = 'histogram';

  constructor(
    private readonly bounds: readonly number[],
    spec: FamilySpec<L>,
  ) {
    super(spec);
  }

  protected make(labels: Readonly<Record<string, string>>): Timing {
    return new Timing(labels, this.bounds);
  }

  protected samples(): Sample[] {
    return [...this.series.values()].flatMap((timing) => [...timing.samples(this.name)]);
  }
}
