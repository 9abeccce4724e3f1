import { withoutSecrets } from '../src/secret-variables.ts';

test('no program that meshx starts finds a password in its environment', () => {
  const env = { PATH: '/bin', MESHX_SUDO_PASSWORD: 'x', MESHX_KEY_PASSPHRASE: 'y', MESHX_NAMESPACE: 'vm' };
  expect(withoutSecrets(env)).toEqual({ PATH: '/bin', MESHX_NAMESPACE: 'vm' });
});
