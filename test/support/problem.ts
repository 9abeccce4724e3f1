import { Problem } from '../../src/problems.ts';

/** The Problem that a promise ends with; anything else fails the test. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('there was no Problem');
}
