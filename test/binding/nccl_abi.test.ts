import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// What NVIDIA publishes of NCCL 2, in its manual and in the header of its sources.
// @see https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api/types.html
// @see https://github.com/NVIDIA/nccl/blob/master/src/nccl.h.in

const PUBLISHED_NUMBERS = {
  ncclSuccess: 0,
  ncclUnhandledCudaError: 1,
  ncclSystemError: 2,
  ncclInternalError: 3,
  ncclInvalidArgument: 4,
  ncclInvalidUsage: 5,
  ncclRemoteError: 6,
  ncclInProgress: 7,
  ncclInt32: 2,
  ncclFloat32: 7,
  ncclSum: 0,
  NCCL_UNIQUE_ID_BYTES: 128,
};

/** Types of the results and of what the functions take. */
const PUBLISHED_FUNCTIONS = {
  ncclGetVersion: 'ncclResult_t (int*)',
  ncclGetUniqueId: 'ncclResult_t (ncclUniqueId*)',
  ncclCommInitRank: 'ncclResult_t (ncclComm_t*, int, ncclUniqueId, int)',
  ncclAllReduce: 'ncclResult_t (const void*, void*, size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t, cudaStream_t)',
  ncclCommGetAsyncError: 'ncclResult_t (ncclComm_t, ncclResult_t*)',
  ncclCommDestroy: 'ncclResult_t (ncclComm_t)',
  ncclGetErrorString: 'const char* (ncclResult_t)',
};

const header = readFileSync('binding/cuda/nccl_abi.h', 'utf8').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '');

test('the numbers of the header are those that NCCL publishes', () => {
  const numbers = [...header.matchAll(/\b(nccl\w+|NCCL_\w+) = (\d+)/g)].map(([, name, value]) => [name, Number(value)]);
  assert.equal(Object.fromEntries(numbers), PUBLISHED_NUMBERS);
});

test('the functions of the header take and give what those of NCCL do', () => {
  const withoutName = (parameter: string): string => parameter.trim().replace(/\s*\w+$/, '');
  const functions = [...header.matchAll(/^((?:const )?\w+\*?) (nccl\w+)\(([^)]*)\);/gm)].map(
    ([, result, name, parameters]) => [name, `${result} (${parameters?.split(',').map(withoutName).join(', ')})`],
  );
  assert.equal(Object.fromEntries(functions), PUBLISHED_FUNCTIONS);
});

test('the id of a communicator is a structure of so many bytes and nothing else', () => {
  assert.match(header, /struct ncclUniqueId \{\s*char internal\[NCCL_UNIQUE_ID_BYTES\];\s*\};/);
});

test.run();
