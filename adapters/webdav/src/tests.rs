mod answers;
mod fixtures;
mod live;
mod paths;
mod settings;
mod store;
mod walks;
