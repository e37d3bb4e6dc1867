import { RELATED_TASK } from './core-tasks.js';
import { related, relatedAs, relatedResult } from './related-task.js';

const OF = (id: string) => `"${RELATED_TASK}":{"taskId":"${id}"}`;

describe('related', () => {
  it('cuts the relation where the client knows of no task', () => {
    expect(related(`"message":"x","_meta":{${OF('T')}}`, null)).toBe('"message":"x"');
    expect(related(`"_meta":{"a":1.0,${OF('T')}}`, null)).toBe('"_meta":{"a":1.0}');
    expect(related(`"_meta":{${OF('T')}}`, null)).toBe('');
  });

  it('names the task by the id that the client has', () => {
    expect(related(`"a":1,"_meta":{${OF('T')},"b":2}`, 'S')).toBe(
      `"a":1,"_meta":{"b":2,${OF('S')}}`,
    );
  });

  it('asks by which id of the client the task goes', () => {
    const shownIdOf = (taskId: string) => (taskId === 'T' ? 'S' : null);
    expect(relatedAs(`"_meta":{${OF('T')}}`, shownIdOf)).toBe(`"_meta":{${OF('S')}}`);
    expect(relatedAs(`"a":1,"_meta":{${OF('U')}}`, shownIdOf)).toBe('"a":1');
    expect(relatedAs(`"a":1,"_meta":{"${RELATED_TASK}":"T"}`, shownIdOf)).toBe('"a":1');
  });

  it('leaves all else alone', () => {
    for (const text of ['', '"a": 1', `"text":"${RELATED_TASK}"`, '"_meta":{"x":1}'])
      expect(related(text, 'S')).toBe(text);
  });
});

describe('relatedResult', () => {
  it('does the same with a result', () => {
    expect(relatedResult(` {"content":[],"_meta":{${OF('T')}}} `, null)).toBe('{"content":[]}');
    expect(relatedResult('{"content": []}', null)).toBe('{"content": []}');
  });

  it('leaves a result that is no object alone', () => {
    for (const text of [`"${RELATED_TASK}"`, `["${RELATED_TASK}"]`, `[{"_meta":{${OF('T')}}}]`])
      expect(relatedResult(text, 'S')).toBe(text);
  });
});
