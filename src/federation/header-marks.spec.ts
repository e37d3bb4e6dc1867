import { withUsableMarks } from './header-marks.js';

const item = (name: string, property: object) => ({
  name,
  text: JSON.stringify({ name, inputSchema: { type: 'object', properties: { a: property } } }),
});

describe('marks of arguments that the head repeats', () => {
  const good = item('good', { type: 'string', 'x-mcp-header': 'Region' });
  const plain = item('plain', { type: 'string' });
  const bad = item('bad', { type: 'object', 'x-mcp-header': 'Region' });

  it('leaves out a tool whose marks are in disorder, and says why', () => {
    const { usable, unusable } = withUsableMarks(true, [good, bad, plain]);
    expect(usable).toEqual([good, plain]);
    expect(unusable).toEqual([
      { kind: 'tool', name: 'bad', reason: expect.stringContaining('x-mcp-header') },
    ]);
  });

  it('takes all where no head repeats anything', () => {
    expect(withUsableMarks(false, [bad])).toEqual({ usable: [bad], unusable: [] });
  });
});
