import { DrainState } from './drain-state.js';

it('tells its listeners once, and those who come late at once', () => {
  const state = new DrainState();
  const heard: string[] = [];
  state.onDrain(() => heard.push('early'));
  expect(state.draining).toBe(false);
  state.begin();
  state.begin();
  state.onDrain(() => heard.push('late'));
  expect(state.draining).toBe(true);
  expect(heard).toEqual(['early', 'late']);
});
