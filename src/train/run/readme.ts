import { shellWord } from './shell.ts';

/** README.md of a run folder: what lies there and how to go on. */
export const runReadme = (folder: string, recipe: string): string => `# A run of gannet: ${recipe}

Go on with it, up to more steps if you like:

    gannet resume ${shellWord(folder)}
    gannet resume ${shellWord(folder)} --steps 20000

Draw images from its newest checkpoint:

    gannet sample ${shellWord(folder)} --count 64 --seed 1

Watch its curves and samples in a browser: \`gannet watch ${shellWord(folder)}\`, or \`tensorboard --logdir ${shellWord(folder)}\`.

| file | holds |
|---|---|
| config.json | every setting of the run |
| environment.json | versions, machine, device, seed and command line at the start, and on what each sitting was trained |
| metrics.jsonl | one JSON object per line: step, epoch, images seen, time, use of the machine, losses |
| histograms.jsonl | only with health.outputHistograms: what the discriminator said of images, counted in bins |
| log.txt | what happened, with the time |
| events.out.tfevents.* | the same metrics and the samples for TensorBoard |
| samples/ | images drawn from one fixed batch of latents as training went on |
| checkpoints/step-NNNNNN/ | all that is needed to go on from a step: *.safetensors (filters as [K,R,S,C]) and trainer_state.json, which holds the checksum of each |
`;
