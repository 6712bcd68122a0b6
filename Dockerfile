# gannet in a container, for systems other than Linux:
#   docker build --tag gannet .
#   docker run --rm -v "$PWD:/work" gannet train dcgan-digits --data mnist
#   docker run --rm -v "$PWD:/work" -p 6116:6116 gannet watch --host 0.0.0.0
FROM node:20-bookworm-slim
WORKDIR /gannet
COPY . .
# What `npm start` sets up: a compiler, CMake, oneDNN, the Node packages with digits and emoji, and the addon.
RUN npm run setup -- --without-simulator && rm -rf /var/lib/apt/lists/* /root/.npm
RUN npm run build && npm link
# Images to train on, and runs/.
VOLUME /work
WORKDIR /work
EXPOSE 6116
ENTRYPOINT ["gannet"]
