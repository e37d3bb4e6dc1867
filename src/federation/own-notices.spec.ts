import { kindsOf, OwnNotices } from './own-notices.js';

const TOOLS = 'notifications/tools/list_changed';
const RESOURCES = 'notifications/resources/list_changed';

describe('OwnNotices', () => {
  const heardAt = (...times: number[]): number[] => {
    const own = new OwnNotices();
    return times.filter((at) => {
      own.hear(TOOLS, at);
      return own.take().size > 0;
    });
  };

  it('passes on one of a burst', () => {
    expect(heardAt(...Array.from({ length: 1000 }, (_, i) => i))).toEqual([0]);
  });

  it('passes on the first after a second of quiet', () => {
    expect(heardAt(0, 900, 1800, 2800)).toEqual([0, 2800]);
  });

  it('passes on one in five seconds of a burst without end', () => {
    expect(heardAt(...Array.from({ length: 111 }, (_, i) => i * 100))).toEqual([0, 5000, 10_000]);
  });

  it('keeps lists apart, and what a failed read did not answer', () => {
    const own = new OwnNotices();
    own.hear(TOOLS, 0);
    const taken = own.take();
    own.hear(RESOURCES, 10);
    own.giveBack(taken);
    expect(kindsOf(own.take())).toEqual(['tools', 'resources', 'resourceTemplates']);
    expect(kindsOf(own.take())).toEqual([]);
  });

  it('knows no lists in what is no notice of one', () => {
    const own = new OwnNotices();
    own.hear('subscriptions/listen', 0);
    expect(kindsOf(own.take())).toEqual([]);
  });
});
