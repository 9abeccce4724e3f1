import { run } from './command.ts';

test('a program that reaches its limit has failed, even if it then ends with 0', async () => {
  const stubborn = ['sh', '-c', 'trap "exit 0" TERM; echo began; sleep 10 & wait'];
  expect(await run(stubborn, { timeoutMs: 500 })).toEqual({
    exitCode: 124,
    stdout: 'began\n',
    stderr: 'sh was killed after its limit of 0.5 s\n',
  });
  expect(await run(['sleep', '10'], { timeoutMs: 500 })).toMatchObject({ exitCode: 124 });
  expect(await run(['sh', '-c', 'exit 3'])).toMatchObject({ exitCode: 3 });
});
