import { splitCommand } from './split-command.js';

describe('splitCommand', () => {
  it.each([
    ['npx -y server', ['npx', '-y', 'server']],
    ['  a \t b\n', ['a', 'b']],
    [`a "b c" 'd e'`, ['a', 'b c', 'd e']],
    [`a "" ''`, ['a', '', '']],
    [`--x="1 2"3`, ['--x=1 23']],
    [String.raw`a\ b \"c\\`, ['a b', '"c\\']],
    [String.raw`"a\"b\\c\d"`, ['a"b\\c\\d']],
    [String.raw`'a\'b`, ['a\\b']],
    ['$HOME `ls` $(ls) *;|&>', ['$HOME', '`ls`', '$(ls)', '*;|&>']],
    ['', []],
  ])('cuts %j into %j', (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });

  it.each([`"a`, `a 'b`, `"a'`])('finds no end of %j', (line) => {
    expect(splitCommand(line)).toBeNull();
  });
});
