// Asio itself, compiled once: everybody else sees its declarations (cmake/Dependencies.cmake).

#include <boost/asio/impl/src.hpp>
