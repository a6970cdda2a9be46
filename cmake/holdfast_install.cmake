# Each component is an export of its own, so that a user of one engine needs no other's client
# library: find_package(holdfast COMPONENTS postgres) gives holdfast::core and holdfast::postgres.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)
get_property(components GLOBAL PROPERTY HOLDFAST_COMPONENTS)
foreach(component IN LISTS components)
  install(TARGETS holdfast_${component} EXPORT holdfast_${component})
  install(EXPORT holdfast_${component} NAMESPACE holdfast:: FILE holdfast-${component}.cmake
    DESTINATION ${package_dir})
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(HOLDFAST_BUILD_CLI AND TARGET holdfast)
  install(TARGETS holdfast)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/holdfast-config.cmake.in
  ${PROJECT_BINARY_DIR}/holdfast-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/holdfast-config.cmake
  ${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindMariaDB.cmake DESTINATION ${package_dir})
