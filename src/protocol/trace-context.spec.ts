import type { IncomingTrace } from '../kernel/call.js';
import { scanJson } from '../kernel/json-scan.js';
import { aCall } from '../../test/builders/call.js';
import { outgoingTrace, traceIdOf } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = (flags = '01', span = '00f067aa0ba902b7') => `00-${TRACE}-${span}-${flags}`;
const rules = { allowedBaggage: ['tenant'], maySample: true };
const metaOf = (meta: object) => scanJson(JSON.stringify(meta)).top;
const head = (more: Partial<IncomingTrace>): IncomingTrace => ({
  traceparent: undefined,
  tracestate: undefined,
  baggage: undefined,
  ...more,
});

describe('the trace of a leg', () => {
  it('is the one of _meta, under a span of our own, with its state', () => {
    const meta = metaOf({ traceparent: parent(), tracestate: 'a=1', other: 1 });
    const other = head({ traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-00` });
    const [first, second] = [0, 1].map(() => outgoingTrace(meta, other, rules));
    expect(first?.meta).toMatch(
      new RegExp(`^"traceparent":"00-${TRACE}-[0-9a-f]{16}-01","tracestate":"a=1"$`),
    );
    expect(first?.headers).toEqual([
      'traceparent',
      expect.not.stringContaining('00f067aa0ba902b7'),
      'tracestate',
      'a=1',
    ]);
    expect(second?.headers[1]).not.toBe(first?.headers[1]);
  });

  it('is the one of the head where _meta has none, or none that can be read', () => {
    for (const meta of [
      undefined,
      metaOf({}),
      metaOf({ traceparent: 'nonsense', tracestate: 'x=1' }),
    ]) {
      const out = outgoingTrace(meta, head({ traceparent: parent(), tracestate: 'h=1' }), rules);
      expect(out?.headers).toEqual([
        'traceparent',
        expect.stringContaining(TRACE),
        'tracestate',
        'h=1',
      ]);
    }
  });

  it.each([
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    parent('01', '0'.repeat(16)),
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `${parent()}-more`,
    parent().toUpperCase(),
    '',
  ])('is none for %p', (traceparent) => {
    expect(outgoingTrace(metaOf({ traceparent, tracestate: 'a=1' }), null, rules)).toBeNull();
  });

  it('follows parents of later versions', () => {
    const later = `01-${TRACE}-00f067aa0ba902b7-01-more`;
    expect(outgoingTrace(metaOf({ traceparent: later }), null, rules)?.headers[1]).toMatch(
      new RegExp(`^00-${TRACE}-`),
    );
  });

  it('is not sampled because somebody unknown says so', () => {
    const meta = metaOf({ traceparent: parent('03') });
    const out = outgoingTrace(meta, null, { ...rules, maySample: false });
    expect(out?.headers[1]).toMatch(/-02$/);
  });

  it('takes the allowed entries of baggage along, up to 8 KiB, and no state that is none', () => {
    const baggage = 'secret=1, tenant=a;p=1,tenantx=2';
    expect(outgoingTrace(metaOf({ baggage }), null, rules)?.meta).toBe('"baggage":"tenant=a;p=1"');
    expect(outgoingTrace(undefined, head({ baggage }), rules)?.headers[1]).toBe('tenant=a;p=1');
    expect(outgoingTrace(metaOf({ baggage }), null, { ...rules, allowedBaggage: [] })).toBeNull();
    const long = `tenant=${'x'.repeat(9000)}`;
    expect(outgoingTrace(metaOf({ baggage: long }), null, rules)).toBeNull();
    const bad = metaOf({ traceparent: parent(), tracestate: 'a\nb' });
    expect(outgoingTrace(bad, null, rules)?.headers).toHaveLength(2);
  });

  it('is known to logs by its id', () => {
    const call = aCall('tools/call', { _meta: { traceparent: parent() } });
    expect(traceIdOf(call)).toBe(TRACE);
    expect(traceIdOf({ ...aCall('ping'), trace: head({ traceparent: parent() }) })).toBe(TRACE);
    expect(traceIdOf(aCall('tools/call', { _meta: { traceparent: 'bad' } }))).toBeUndefined();
  });

  it('is none where nobody speaks of one', () => {
    expect(outgoingTrace(undefined, null, rules)).toBeNull();
    expect(outgoingTrace(metaOf({ progressToken: 1 }), null, rules)).toBeNull();
  });
});
