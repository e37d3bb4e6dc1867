import { claims, jsonObject, lifetime, port } from './option-values.js';

describe('values of options', () => {
  it('read a life in minutes or with a unit', () => {
    expect(['60', '90s', '30m', '24h', '7d', '0'].map(lifetime)).toEqual([
      3_600, 90, 1_800, 86_400, 604_800, 0,
    ]);
    for (const text of ['', 'soon', '-5', '1w', '1.5h', '4000d'])
      expect(() => lifetime(text)).toThrow();
  });

  it('read claims as pairs or JSON', () => {
    expect(claims('team=a, env = b=c')).toEqual({ team: 'a', env: 'b=c' });
    expect(claims('{"n":1}')).toEqual({ n: 1 });
    expect(() => claims('team')).toThrow('key=value');
  });

  it('take JSON objects only', () => {
    for (const text of ['[]', 'null', '1', '{']) expect(() => jsonObject(text)).toThrow('object');
  });

  it('take ports only', () => {
    expect(port('0')).toBe('0');
    for (const text of ['65536', '-1', 'http']) expect(() => port(text)).toThrow();
  });
});
