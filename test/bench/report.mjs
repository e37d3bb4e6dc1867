export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** A floor that moves makes every ratio to it worthless (RELIABILITY.md §1.1). */
const MAX_DRIFT = 0.25;

/** Floor and gateway of one setting, round by round, as ratios. */
export function compare(rounds) {
  const of = (pick) => rounds.map(pick);
  const floorRates = of((r) => r.floor.perSecond);
  const drift = Math.max(...floorRates) / Math.min(...floorRates) - 1;
  const side = (name) => ({
    perSecond: median(of((r) => r[name].perSecond)),
    cpuUsPerCall: median(of((r) => r[name].cpuUsPerCall)),
    p50Ms: median(of((r) => r[name].p50Ms)),
    p99Ms: median(of((r) => r[name].p99Ms)),
  });
  const leanest = rounds[0].leanest && {
    leanest: side('leanest'),
    leanCpu: spread(of((r) => r.gateway.cpuUsPerCall / r.leanest.cpuUsPerCall)),
    leanRate: spread(of((r) => r.gateway.perSecond / r.leanest.perSecond)),
  };
  return {
    ...leanest,
    floor: side('floor'),
    gateway: side('gateway'),
    cpu: spread(of((r) => r.gateway.cpuUsPerCall / r.floor.cpuUsPerCall)),
    rate: spread(of((r) => r.gateway.perSecond / r.floor.perSecond)),
    drift,
    isVoid: drift > MAX_DRIFT,
    calls: rounds.reduce((sum, r) => sum + r.floor.calls + r.gateway.calls, 0),
  };
}

const fixed = (x, digits = 2) => x.toFixed(digits);
export const range = (s) => `${fixed(s.median)} (${fixed(s.min)}–${fixed(s.max)})`;

/** One line of the table of calls. */
export function line(name, c) {
  const side = (s) =>
    `${fixed(s.perSecond, 0).padStart(6)}/s ${fixed(s.cpuUsPerCall, 0).padStart(5)} µs  p50 ${fixed(s.p50Ms)} p99 ${fixed(s.p99Ms)} ms`;
  const note = c.isVoid ? `  VOID: the floor moved by ${fixed(c.drift * 100, 0)} %` : '';
  const lean = c.leanest
    ? `\n  to the leanest proxy (${side(c.leanest)}): CPU ratio ${range(c.leanCpu)}   rate ratio ${range(c.leanRate)}`
    : '';
  return (
    `${name}\n  floor    ${side(c.floor)}\n  gateway  ${side(c.gateway)}\n` +
    `  CPU ratio ${range(c.cpu)}   rate ratio ${range(c.rate)}${note}${lean}`
  );
}

/** An objective that is missed is printed as missed, in the same table as the others. */
export function verdict({ name, value, bar, aim, isAtLeast = false }) {
  const meets = (limit) => (isAtLeast ? value >= limit : value <= limit);
  const word = meets(aim) ? 'aim' : meets(bar) ? 'met' : 'MISSED';
  const sign = isAtLeast ? '≥' : '≤';
  return `  ${word.padEnd(7)}${name}: ${fixed(value)} (${sign} ${bar}, aim ${sign} ${aim})`;
}
