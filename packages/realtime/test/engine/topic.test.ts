import { describe, expect, it } from 'vitest';
import { compileTopic } from '../../src/engine/topic.ts';

describe('topic patterns', () => {
  it.each([
    ['lobby', 'lobby', {}],
    ['lobby', 'lobby:1', null],
    ['conf:*', 'conf:', {}],
    ['conf:*', 'conf:a:b', {}],
    ['conf:*', 'conf', null],
    ['conf:*', 'CONF:a', null],
    ['room:{id}', 'room:7', { id: '7' }],
    ['room:{id}', 'room:7:8', { id: '7:8' }],
    ['room:{id}', 'room:', null],
    ['a:{x}:b:{y}', 'a:1:b:2:3', { x: '1', y: '2:3' }],
    ['a.b:{x}', 'a_b:1', null],
  ])('%s matches %s: %j', (pattern, topic, vars) => {
    const matched = compileTopic(pattern)(topic);
    expect(matched === null ? null : { ...matched }).toEqual(vars);
  });

  it.each(['a*b', 'r:{}', 'r:{a}{b}', 'r:{a}:{a}', 'r:{a}:*'])('refuses the pattern %s', (pattern) => {
    expect(() => compileTopic(pattern)).toThrow(/allowed are|only stand at the end/);
  });
});
