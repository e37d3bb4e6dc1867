import { lastLine } from './last-words.js';

describe('lastLine', () => {
  it.each([
    ['the last line', 'starting\nno configuration\n', 'no configuration'],
    [
      'the error of a program on Node, not its stack',
      "file:///x.js:1\nthrow new Error('boom')\n^\n\nError: boom\n    at x (y.js:1:1)\n\nNode.js v20.19.0\n",
      'Error: boom',
    ],
    [
      'the error of a program on Python',
      'Traceback (most recent call last):\n  File "x.py", line 1\nModuleNotFoundError: no x\n',
      'ModuleNotFoundError: no x',
    ],
    ['a line without colours', '\u001b[31merror:\u001b[0m no\u0007key', 'error: no key'],
    ['an indented line where there is no other', '   so it is\n', 'so it is'],
    ['nothing where nothing is said', '\n---\n  \n', null],
  ])('is %s', (_, text, line) => {
    expect(lastLine(text) ?? null).toBe(line);
  });

  it('is cut', () => {
    expect(lastLine('x'.repeat(5000))).toHaveLength(201);
  });
});
