import { compileTemplate } from './uri-template.js';

const match = (template: string, uri: string) => {
  const values = compileTemplate(template)?.match(uri);
  return values && { ...values };
};

describe('uri templates', () => {
  it.each([
    ['note://{who}', 'note://ann', { who: 'ann' }],
    ['note://{who}/x', 'note://a%20b/x', { who: 'a b' }],
    ['file:///{+path}', 'file:///a/b/c.txt', { path: 'a/b/c.txt' }],
    ['file:///{path*}', 'file:///a/b', { path: 'a/b' }],
    ['db://t{/id}', 'db://t/7', { id: '7' }],
    ['db://t{/id}', 'db://t', {}],
    ['db://{table}{/id}', 'db://t/7', { table: 't', id: '7' }],
    ['s://find{?q,page}', 's://find?page=2&q=a%26b', { q: 'a&b', page: '2' }],
    ['s://{x}{?q}', 's://a?q=1', { x: 'a', q: '1' }],
    ['s://{x}{?q}', 's://a', { x: 'a' }],
    ['s://{a}-{b}', 's://1-2', { a: '1', b: '2' }],
    ['s://plain', 's://plain', {}],
    ['f://{+path}.txt', 'f://a.txt.txt', { path: 'a.txt' }],
  ])('%s takes %s', (template, uri, values) => {
    expect(match(template, uri)).toEqual(values);
  });

  it.each([
    ['note://{who}', 'note://'],
    ['note://{who}', 'note://a/b'],
    ['note://{who}', 'other://a'],
    ['note://{who}', 'note://%zz'],
    ['s://find{?q}', 's://find?r=1'],
    ['s://{a}/end', 's://x/endless'],
  ])('%s does not take %s', (template, uri) => {
    expect(match(template, uri)).toBeUndefined();
  });

  it.each(['{', 'a}b', '{a}{b}', '{+a}{b}', '{a,b}', '{}', 'x'.repeat(5000)])(
    'does not compile %p',
    (template) => {
      expect(compileTemplate(template)).toBeUndefined();
    },
  );

  it('stays linear on hostile URIs', () => {
    const start = process.cpuUsage().user;
    match('x://{/id*}', `x://${','.repeat(60_000)}`);
    match(`x://${'{a}-'.repeat(500)}z`, `x://${'-'.repeat(60_000)}`);
    expect(process.cpuUsage(undefined).user - start).toBeLessThan(200_000);
  });

  it('does not touch prototypes', () => {
    expect(match('x://{__proto__}', 'x://a')).toEqual(JSON.parse('{"__proto__":"a"}'));
  });
});
