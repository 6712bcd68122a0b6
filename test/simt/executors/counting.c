/* An executor that prints what it is handed, one line each, and then does what COUNTING_EXECUTOR says: "twin" lets the simulator
 * run the kernel, "done" claims to have run it, "fail" refuses. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"

static void allocated(void *pointer, size_t bytes) { printf("allocated %zu%s\n", bytes, pointer == NULL ? " nowhere" : ""); }

static void freed(void *pointer) { printf("freed%s\n", pointer == NULL ? " nothing" : ""); }

static int launch(const char *symbol, const unsigned grid[3], const unsigned block[3], size_t shared_bytes, const void *arguments,
                  size_t argument_bytes, char *error, size_t error_bytes) {
  printf("launch %s grid %u,%u,%u block %u,%u,%u shared %zu arguments %zu ", symbol, grid[0], grid[1], grid[2], block[0],
         block[1], block[2], shared_bytes, argument_bytes);
  for (size_t i = 0; i < argument_bytes; ++i) printf("%02x", ((const unsigned char *)arguments)[i]);
  printf("\n");
  const char *mode = getenv("COUNTING_EXECUTOR");
  if (mode != NULL && strcmp(mode, "twin") == 0) return GANNET_EXECUTOR_RUN_TWIN;
  if (mode != NULL && strcmp(mode, "done") == 0) return 0;
  snprintf(error, error_bytes, "no PTX for it");
  return 1;
}

const gannet_executor *gannet_executor_v1(void) {
  static const gannet_executor executor = {allocated, freed, launch};
  return &executor;
}
